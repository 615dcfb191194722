"""What the copy editor knows of English: words, phrases, and no rule."""


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


CONTRACTED = {
    "arent": "aren't",
    "cant": "can't",
    "couldnt": "couldn't",
    "didnt": "didn't",
    "doesnt": "doesn't",
    "dont": "don't",
    "hadnt": "hadn't",
    "hasnt": "hasn't",
    "havent": "haven't",
    "heres": "here's",
    "im": "I'm",
    "isnt": "isn't",
    "its a": "it's a",
    "its an": "it's an",
    "its been": "it's been",
    "its not": "it's not",
    "ive": "I've",
    "shouldnt": "shouldn't",
    "thats": "that's",
    "theres": "there's",
    "theyll": "they'll",
    "theyre": "they're",
    "theyve": "they've",
    "wasnt": "wasn't",
    "werent": "weren't",
    "weve": "we've",
    "whats": "what's",
    "wouldnt": "wouldn't",
    "youll": "you'll",
    "youre": "you're",
    "youve": "you've",
}

COULD_OF = {
    f"{modal} of": f"{modal} have"
    for modal in (
        "could",
        "should",
        "would",
        "might",
        "must",
        "couldn't",
        "shouldn't",
        "wouldn't",
    )
}

WORDY = {
    "a great deal of": "much",
    "a number of": "several",
    "a variety of": "many",
    "a wide array of": "many",
    "a wide range of": "many",
    "a wide variety of": "many",
    "a large number of": "many",
    "a majority of": "most",
    "a small number of": "a few",
    "absolutely essential": "essential",
    "advance planning": "planning",
    "are able to": "can",
    "as a consequence of": "because of",
    "as a matter of fact": "in fact",
    "at all times": "always",
    "at the end of the day": "in the end",
    "at the present time": "now",
    "at this point in time": "now",
    "basic fundamentals": "fundamentals",
    "by means of": "by",
    "close proximity": "proximity",
    "come to the conclusion": "conclude",
    "completely eliminate": "eliminate",
    "despite the fact that": "although",
    "due to the fact that": "because",
    "each and every": "every",
    "end result": "result",
    "for the purpose of": "for",
    "for the reason that": "because",
    "has the ability to": "can",
    "have the ability to": "can",
    "in a timely manner": "promptly",
    "in addition to this": "besides",
    "in close proximity to": "near",
    "in light of the fact that": "because",
    "in many cases": "often",
    "in most cases": "usually",
    "in order to": "to",
    "in spite of the fact that": "although",
    "in the event that": "if",
    "in the near future": "soon",
    "in today's day and age": "today",
    "is able to": "can",
    "is capable of being": "can be",
    "it is important to note that": "",
    "it is worth noting that": "",
    "it should be noted that": "",
    "make a decision": "decide",
    "on a daily basis": "daily",
    "on a regular basis": "regularly",
    "on account of the fact that": "because",
    "past history": "history",
    "please note that": "",
    "prior to": "before",
    "regardless of the fact that": "although",
    "subsequent to": "after",
    "take into consideration": "consider",
    "the fact of the matter is that": "",
    "the reason why is that": "the reason is that",
    "until such time as": "until",
    "utilise": "use",
    "utilised": "used",
    "utilising": "using",
    "utilization of": "use of",
    "utilize": "use",
    "utilized": "used",
    "utilizes": "uses",
    "utilizing": "using",
    "with regard to": "about",
    "with respect to": "about",
    "with the exception of": "except",
}

DOUBLED = _words(
    "a about also an and any are as at be been but by can could did do each for from get has he "
    "how i if in into is it its just may me might must my not of on or our out she should some "
    "than the their them then these they this to up us was we were what when where which while "
    "who will with would you your"
)
"""Words nobody repeats on purpose; "had", "that", "very", "so", "no" and "bye" are not here."""

PRONOUN_VERBS = _words(
    "also always am agree believe can could did didn't do don't feel find guess had have hope "
    "just know like love mean might must need never prefer really recommend see should suggest "
    "suppose think understand want was will wish would"
)
"""What makes a lower-case "i" before it the pronoun, and no index or unit."""

A_BEFORE_VOWEL = (
    r"eu|ewe|one\b|once\b|ouija|ubiq|ufo|uk[ru]|unanim|uni[cflqtv]|unio|unis|ura|ure|uri|us[aeu]|"
    "ute[nr]|uti|uto"
)
"""Beginnings of words that are spelt with a vowel and spoken with a consonant."""

AN_BEFORE_CONSONANT = "heir|hono[ur]|honest|hour"
"""Beginnings of words whose h is silent."""

EITHER_ARTICLE = "herb|histor|hotel|hallucin|habitual|hilari"
"""Beginnings of words that educated writers put after both."""

AFTER_LETTER_A = _words(
    "above after all along also always and are as at equals if in into is it of on once only or "
    "our out over under until up upon us"
)
"""Words before which a lone "a" is a name ("vitamin a is", "option a or b") and no article."""

ABBREVIATIONS = _words(
    "abs al approx apt art aug ave bd blvd bsp bzw ca capt cf ch co col corp dec dept dr ed ej "
    "eds eq esp esq est etc ev evtl ext feb fig figs fri gen ggf gov hon hrs inc incl ing inkl "
    "int jan jr jul jun lt ltd max min misc mme mlle mio mon mr mrs ms mt mwst no nov nr oct op "
    "oz pp prof pt pts ref rep rev sat sec sen sep sept sgt sog sr sra srta st ste str sun tab "
    "tel thu tue ud uds univ usw vgl viz vol vs wed zb zzgl др руб стр см тыс им напр"
)
"""What a full stop shortens, so that no sentence ends there."""

LOWER_CASE_NAMES = _words(
    "apt bash brew cd chmod curl docker git grep kubectl ls mkdir nginx npm npx numpy pandas pip "
    "pytest python sed ssh sudo systemctl von van yarn"
)
"""Names that begin a sentence as they are."""

ENGLISH = _words(
    "about also and answer are because been but can could each for from had has have how if into "
    "is it its make more most my not of one other she should some such than that the their them "
    "then there these they this to use very was we were what when where which who will with would "
    "you your"
)
"""Frequent words of English that few other languages spell so."""

FOREIGN = _words(
    "aber als alla anche auch auf aus avec bei ce ces che cette como con dans das dass de del "
    "dell dem den der des det di die donc dos du ein eine einen el elle em entre er es est et een "
    "fait het ich ihr il ils ist je jest kann la las le les los lo ma mais med mit más na não "
    "nicht nous och og oder os ou par para pas per pero por pour qu que qui se sie sich sind sont "
    "sua su sur um una und une van vi voor vous wie wir y è zu zum zur één"
)
"""Frequent words of other languages in Latin script that English has not, or has seldom."""
