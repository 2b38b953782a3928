"""What Nova answered to every question of a plan, beside what the engine says; and what that shows."""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from estate.placement.nova import RULES, Operation
from sandbox import lifecycle, process
from sandbox.computes import NAME as COMPUTES
from sandbox.nova import CONTROL as NOVA
from tests.fidelity.nova_services import Answer, NovaServices
from tests.fidelity.plan import Question
from tests.fidelity.random_clouds import MADE_CLASSES, MADE_TRAITS
from tests.sandbox.shapes import shape
from toolchain.progress import Progress


@dataclass(frozen=True)
class Record:
    """Questions with Nova's answers."""

    answers: tuple[tuple[Question, Answer], ...]

    @property
    def differing(self) -> list[str]:
        """Where engine and Nova say different things, with what finds the question again."""
        return [
            f"{question}\n  engine: {_said(question)}\n  Nova:   {_told(answer)}"
            for question, answer in self.answers
            if not answer.agrees(question.decision)
        ]

    def noticed(self, rule: str) -> int:
        """Questions to which the engine without this rule gives another answer than Nova."""
        return sum(
            (without := question.without(rule)) is None or not answer.agrees(without)
            for question, answer in self.answers
        )

    @property
    def decided(self) -> dict[str, int]:
        """Every rule and operation with the number of questions that it decided."""
        rules = Counter(rule for question, _ in self.answers for rule in question.deciding)
        operations = Counter(question.request.operation.value for question, _ in self.answers)
        return {rule: rules[rule] for rule in RULES} | {one.value: operations[one.value] for one in Operation}

    @property
    def translated(self) -> dict[str, int]:
        """Every trait and resource class that Nova makes of other words, with the number of questions that it
        decided.
        """
        found = Counter(name for question, _ in self.answers for name in question.translated)
        return {name: found[name] for name in (*MADE_TRAITS, *MADE_CLASSES)}

    @property
    def clouds(self) -> int:
        """Different clouds."""
        return len({question.seed for question, _ in self.answers})

    @property
    def refused(self) -> float:
        """Share of the questions that Nova answers with no host, 0 to 1."""
        return sum(not answer.accepted for _, answer in self.answers) / len(self.answers)

    def __str__(self) -> str:
        total, wrong = len(self.answers), len(self.differing)
        seeds = sorted({question.seed for question, _ in self.answers})
        lines = [f"{count:5}  {name}" for name, count in sorted((self.decided | self.translated).items())]
        return "\n".join(
            [
                "decisions by which each rule and operation was decisive:",
                *lines,
                f"{total - wrong} of {total} decisions agree ({100 * (total - wrong) / total:.1f} %), "
                f"on {self.clouds} clouds (seeds {seeds[0]} to {seeds[-1]}); "
                f"{100 * self.refused:.0f} % of them refusals.",
                *self.differing,
            ]
        )


def ask(nova: NovaServices, questions: Iterable[Question]) -> Record:
    """Put all questions to Nova."""
    answers = []
    arranged = None
    for question in questions:
        if question.cloud is not arranged:
            nova.arrange(question.cloud)
            arranged = question.cloud
        answers.append((question, nova.answer(question.cloud, question.request)))
    return Record(tuple(answers))


@contextmanager
def running(key: str, folder: Path) -> Iterator[NovaServices]:
    """Nova of a sandbox of its own; ``folder`` gets its log."""
    lifecycle.stop(key)
    try:
        with on(lifecycle.start(key, shape("fidelity"), Progress()).run, folder) as nova:
            yield nova
    finally:
        lifecycle.stop(key)


@contextmanager
def on(run: Path, folder: Path) -> Iterator[NovaServices]:
    """Nova of a sandbox that is of no other use afterwards: its compute nodes change their kind."""
    # Its computes would go on to report what they are.
    process.stop(run, [one.name for one in process.records(run) if one.name.startswith((NOVA, COMPUTES))])
    with NovaServices(run / "nova" / "control", folder / "asked.log") as nova:
        yield nova


def _said(question: Question) -> str:
    refusal = question.decision.refusal
    return f"refused: {refusal.words}" if refusal is not None else f"{sorted(question.decision.accepted)}"


def _told(answer: Answer) -> str:
    if answer.refused is not None:
        return f"refused: {answer.refused}"
    return f"{sorted(answer.accepted)}" + (f" ended: {answer.ended}" if answer.ended else "")
