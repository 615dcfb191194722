"""How an option is declared: a field of a frozen dataclass, with all that is to be known of it.

From this one declaration come the parameter of a command, its variable and its key in clair.toml,
its place in run.json and recipe.json, and the words of the command line on the card.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields
from types import NoneType
from typing import Any, ClassVar, Literal, TypeVar, get_args, get_origin, get_type_hints

REQUIRED: Any = MISSING
_DECLARED = "declared"

Use = Literal["outcome", "run", "untold"]


@dataclass(frozen=True, slots=True)
class Declared:
    """What a group says of one of its options.

    Attributes:
        help: What it does, for `--help` and the reference.
        metavar: What stands for its value there; "" for the name of its type.
        short: Its one-letter form, such as `-c`.
        least, most: The range of a number; None leaves that end open.
        separator: What stands between several values in one text; "" repeats the option instead.
        shows_default: Whether the help shows the default.
        use: `outcome` decides what is written: it goes into run.json, recipe.json and the command
            line on the card. `run` is told in run.json alone. `untold` is kept nowhere: it may hold
            a secret, says where something lies, or is of no matter afterwards.
        is_stated: Whether the command line on the card tells it at its default, too.
    """

    help: str
    metavar: str = ""
    short: str = ""
    least: float | None = None
    most: float | None = None
    separator: str = ""
    shows_default: bool = True
    use: Use = "run"
    is_stated: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Options that belong together: a frozen dataclass whose fields are all declared.

    Attributes:
        panel: The heading that its options have in `--help`.
    """

    panel: ClassVar[str]


AllGroups = TypeVar("AllGroups", bound="Groups")


@dataclass(frozen=True, slots=True)
class Groups:
    """All that can be set for a command: a frozen dataclass whose fields are groups."""

    def __iter__(self) -> Iterator[Group]:
        return (getattr(self, each.name) for each in fields(self))


@dataclass(frozen=True, slots=True)
class Option:
    """An option as its group declares it.

    Attributes:
        name: The field's name; the option's is the same with hyphens.
        type: Its type without None: str, bool, int, float, Path, a Literal or a tuple of str.
        may_be_none: Whether None means that nobody said.
        default: Its default; `REQUIRED` where it has none.
        declared: What the group says of it.
    """

    name: str
    type: Any
    may_be_none: bool
    default: Any
    declared: Declared

    @property
    def flag(self) -> str:
        """The option as it is typed."""
        return f"--{self.name.replace('_', '-')}"

    @property
    def is_several(self) -> bool:
        """Whether it holds any number of values."""
        return bool(self.type == tuple[str, ...])

    @property
    def is_repeated(self) -> bool:
        """Whether it is typed once for each of its values."""
        return self.is_several and not self.declared.separator


def option(default: Any, what: str, **said: Any) -> Any:
    """A field that declares an option; `what` is its help, `said` the rest of `Declared`."""
    return field(default=default, metadata={_DECLARED: Declared(what, **said)})


def options_of(group: type[Group] | Group) -> Iterator[Option]:
    """The options that `group` declares, in order."""
    kind = group if isinstance(group, type) else type(group)
    types = get_type_hints(kind)
    for each in fields(kind):
        whole = types[each.name]
        parts = get_args(whole)
        may_be_none = NoneType in parts
        bare = next(part for part in parts if part is not NoneType) if may_be_none else whole
        yield Option(each.name, bare, may_be_none, each.default, each.metadata[_DECLARED])


def recorded(groups: Iterable[Group], uses: Iterable[Use]) -> dict[str, Any]:
    """The values of all options of these uses, as JSON can hold them."""
    wanted = set(uses)
    return {
        each.name: _plain(getattr(group, each.name))
        for group in groups
        for each in options_of(group)
        if each.declared.use in wanted
    }


def restored(kind: type[AllGroups], record: Mapping[str, Any]) -> AllGroups:
    """The groups that `recorded` told of.

    What the record lacks, or holds as null, is at its default.

    Raises:
        TypeError: The record holds something that no option can be.
    """
    types = get_type_hints(kind)
    return kind(**{each.name: _restored(types[each.name], record) for each in fields(kind)})


def _restored(kind: type[Group], record: Mapping[str, Any]) -> Group:
    known = [each for each in options_of(kind) if record.get(each.name) is not None]
    return kind(**{each.name: _read(each, record[each.name]) for each in known})


def _read(option: Option, value: Any) -> Any:
    if option.is_several:
        return tuple(str(each) for each in value)
    declared = option.declared
    if get_origin(option.type) is Literal:
        fits = value in get_args(option.type)
    elif option.type in {int, float}:
        least, most = declared.least, declared.most
        is_number = isinstance(value, int | option.type) and not isinstance(value, bool)
        fits = is_number and (least is None or value >= least) and (most is None or value <= most)
    else:
        fits = isinstance(value, option.type)
    if not fits:
        raise TypeError(f"{option.name}: {value!r}")
    return value


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
