"""Numbers as people read them."""


def number(value: object) -> str:
    """A number for people, with as many digits as tell something; "" for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    if isinstance(value, int) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def duration(seconds: object) -> str:
    """A time for people; "" where it is none."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return ""
    if 0 < seconds < 1:
        return f"{1000 * seconds:.3g} ms"
    if seconds < 60:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def short(count: int) -> str:
    """A large count in thousands, millions or billions."""
    for size, sign in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if count >= 10 * size or (size > 10**3 and count >= size):
            return f"{count / size:.3g} {sign}"
    return f"{count:,}"
