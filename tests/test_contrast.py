"""What the checks flag and leave alone."""

import pytest

from clair_cli.contrast.checks import check, is_refusal
from clair_cli.records import Row

RESPONSE = "Ants have eight legs."
PROMPT = "How many legs does an ant have, and why is that the number? Answer in a sentence or two."


def row(response: str = RESPONSE, *prompt: str) -> Row:
    turns = [{"role": "user", "content": text} for text in prompt or [PROMPT]]
    return Row("1", turns, response, 1, len(response), {})


def reason(revision: str, response: str = RESPONSE, *prompt: str) -> str | None:
    problem = check(row(response, *prompt), revision)
    return problem.reason if problem else None


# Checks


@pytest.mark.parametrize(
    "revision",
    [RESPONSE, f" {RESPONSE}\n", f"\n\n{RESPONSE}", f"{RESPONSE}\r\n", f"{RESPONSE}\t"],
)
def test_the_same_answer_is_unchanged(revision: str) -> None:
    assert reason(revision) == "unchanged"


@pytest.mark.parametrize(
    "revision",
    [
        "Ants have six legs.",
        "ants have eight legs.",
        "Ants have eight legs",
        "Ants  have eight legs.",
        f"{RESPONSE} They are insects.",
        f"**{RESPONSE}**",
    ],
)
def test_a_small_change_is_a_change(revision: str) -> None:
    assert reason(revision) is None


REFUSALS = [
    "I'm sorry, but I can't assist with that.",
    "I’m sorry, but I can’t assist with that.",
    "I'm sorry, but I cannot fulfill that request.",
    "I am sorry, I am unable to revise this answer.",
    "I'm really sorry, but I can't help with that.",
    "Sorry, I can't help with this.",
    "Sorry, but I'm not able to help with that request.",
    "I apologize, but I cannot assist with that.",
    "I apologise, but I will not help with this.",
    "I cannot help with that. Is there anything else you need?",
    "I can’t help with that.",
    "I can not provide that.",
    "I won't assist with that.",
    "I'm unable to help with that.",
    "I’m unable to help with that.",
    "I am not able to discuss this.",
    "Unfortunately, I can't do that.",
    "As an AI language model, I cannot provide that.",
    "I'm sorry, but as an AI language model, I cannot create that.",
    "**I'm sorry, but I can't help with that.**",
    '"I can\'t assist with that request."',
]


@pytest.mark.parametrize("revision", REFUSALS)
def test_a_refusal_is_flagged(revision: str) -> None:
    assert is_refusal(revision)
    assert reason(revision) == "refused"


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry to hear that your parcel is late. I have sent a new one today.",
        "I apologize for the delay and have refunded the postage.",
        "Sorry I missed your call! I will ring again at six.",
        "I am sorry, but the shop is closed on Sunday.",
        "I'm sorry, but I can't come on Saturday.",
        "Unfortunately, ants have six legs and not eight.",
        "I can help with that: ants have six legs.",
        "I cannot stress this enough: count the legs.",
        "I can't wait to see the ants.",
        "I will not have my tea without milk.",
        "I won the race. It was hard.",
        "As an AI researcher, I read about ants every day.",
        "Ants can't help it: they follow the trail.",
        "You cannot provide a refund without a receipt.",
        "The agent says: I'm sorry, but I can't assist with that.",
        "Agent: I'm sorry, I can't help with that.",
        "Customer: Hello!\n\nAgent: I'm unable to help with that today, sorry.",
        "# I cannot find the file\nraise SystemExit",
        "Sorry",
        "I",
        "",
    ],
)
def test_an_apology_or_a_not_is_no_refusal(text: str) -> None:
    assert not is_refusal(text)
    assert reason(text) is None


def test_a_refusal_of_the_students_may_be_revised() -> None:
    response = "sorry i can't help with that"
    assert reason("I'm sorry, but I can't help with that.", response) is None


ALLUSIONS = [
    "Ants have six legs. In this revised version, the number is right.",
    "Ants have six legs. In this improved answer the number is right.",
    "Ants have six legs. In my corrected answer, the number is right.",
    "This revised answer gives the number: six.",
    "Here is the revised answer: ants have six legs.",
    "Here's the corrected solution:\n\nAnts have six legs.",
    "Here’s the corrected solution:\n\nAnts have six legs.",
    "Here is a revised version:\n\nAnts have six legs.",
    "Here is an improved version of the answer:\n\nAnts have six legs.",
    "Here's an updated version:\n\nAnts have six legs.",
    "Here is your revised response:\n\nAnts have six legs.",
    "Below is a revised version.\n\nAnts have six legs.",
    "Here is the revised student answer: ants have six legs.",
    "Ants have six legs.\n\nNote: I have corrected the student's answer.",
    "Ants have six legs. I revised your answer.",
    "I've improved the original answer: ants have six legs.",
    "I’ve improved the original answer: ants have six legs.",
    "The corrected student solution: ants have six legs.",
    "The student's original answer said eight, but ants have six legs.",
    "Ants have six legs, where the student's answer has eight.",
    "Ants have six legs, where the student’s answer has eight.",
    "Ants have six legs.\n\n**Changes made:**\n- the number",
    "Ants have six legs.\n\nCorrections made:\n1. the number",
    "Ants have six legs.\n\n### Improvements made\n- the number",
    "**Revised Answer:**\n\nAnts have six legs.",
    "Revised solution: ants have six legs.",
]


@pytest.mark.parametrize("revision", ALLUSIONS)
def test_a_revision_that_speaks_of_itself_is_flagged(revision: str) -> None:
    assert reason(revision) == "alludes"


@pytest.mark.parametrize("revision", ALLUSIONS)
def test_what_the_prompt_or_the_response_says_may_be_said(revision: str) -> None:
    assert reason(revision, f"{RESPONSE} {revision}") is None
    assert reason(revision, RESPONSE, f"Please say: {revision} Thank you.") is None
    assert reason(revision, RESPONSE, f"Begin: {revision} Please.", "Now say it again.") is None


@pytest.mark.parametrize(
    "revision",
    [
        "The revised edition of 1831 is the one most people read.",
        "Frankenstein was revised and corrected by its author.",
        "The corrected proof of the theorem appeared in 1995.",
        "An editor reads the corrected proofs twice and signs them.",
        "Dilute the corrected solution to 0.1 mol/l and stir.",
        "Titrate again with the corrected solution and note the volume.",
        "# corrected: an off-by-one\nfor leg in range(6):\n    count(leg)",
        "// updated version check\nif (version < 2) { update(); }",
        "The Revised Version of 1885 is a translation of the Bible.",
        "In the revised text of Article 5, shall is replaced by must.",
        "The bill passed with the revised text of section 2.",
        "The faults were mended in the updated version of the app.",
        "Install the updated version of the package.",
        "The improved solution of the knapsack problem runs in pseudo-polynomial time.",
        "I'm sorry to hear that. I have updated your address in our system.",
        "Your order was corrected and is on its way; I apologize for the mistake.",
        "Changes made to the file are lost when you close it.",
        "Improvements made by Watt doubled the power of the engine.",
        "Changes in the weather made the ants move.",
        "Students' answers vary: some say six legs and some eight.",
        "A student's answer is graded by two people.",
        "She gave a revised answer in court.",
        "This edition is revised every year, and this version is the tenth.",
        "Here is the answer: six.",
        "Here's a story about a corrected map.",
        "I corrected the map before we left.",
        "We edited the film in a week.",
    ],
)
def test_a_text_about_revising_is_no_allusion(revision: str) -> None:
    assert reason(revision) is None


def test_the_whole_prompt_in_the_revision_is_an_echo() -> None:
    assert reason(f"{PROMPT}\n\nAnts have six legs.") == "echo"
    assert reason(f"Ants have six legs.\n\n{PROMPT}") == "echo"
    assert reason(f"Six legs. {PROMPT} Six.", RESPONSE, "Hello, ant friend.", PROMPT) == "echo"


@pytest.mark.parametrize(
    ("revision", "response", "prompt"),
    [
        ("Why six? Ants are insects.", RESPONSE, "Why six?"),
        (f"{PROMPT} Six.", f"{PROMPT} Eight.", PROMPT),
        (f"{PROMPT[:60]}... Six.", RESPONSE, PROMPT),
        (f"{PROMPT.upper()} Six.", RESPONSE, PROMPT),
        ("Six legs.", RESPONSE, PROMPT),
    ],
)
def test_a_quotation_is_no_echo(revision: str, response: str, prompt: str) -> None:
    assert reason(revision, response, prompt) is None
