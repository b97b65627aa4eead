"""Which findings of the paper the records of a study bear out, in words and numbers."""

from typing import NamedTuple

from mmbarlow.studies.catalogue import Study
from mmbarlow.studies.claims import CLAIMS, Claim
from mmbarlow.studies.points import PointName
from mmbarlow.studies.results import DATA, MEASURES, Results
from mmbarlow.studies.verdicts import UNKNOWN, Difference, decide, welch_difference
from mmbarlow.zoo.markdown import markdown_table


class Finding(NamedTuple):
    """A claim on a data set."""

    claim: Claim  # its pairs are those of the data set
    differences: list[list[Difference | None]]  # of each pair, for each measure

    def verdicts(self) -> list[str]:
        """By each measure."""
        return [decide(own, self.claim.within) for own in zip(*self.differences, strict=True)]


def findings(name: str, study: Study, dataset: str, results: Results) -> list[Finding]:
    """The claims about the study that have points on the data set."""
    found, points = [], [None, *study.points[dataset]]
    columns = [results.numbers(study, measure, dataset) for measure in MEASURES[dataset]]
    for claim in CLAIMS.get(name, []):
        pairs = tuple(p for p in claim.pairs if p[0] in points and p[1] in points)
        differences = [
            [welch_difference(own.get(first, []), own.get(second, [])) for own in columns]
            for first, second in pairs
        ]
        if pairs:
            found.append(Finding(Claim(claim.finding, pairs, claim.within), differences))
    return found


def findings_table(found: list[Finding], dataset: str) -> str:
    """A line for each claim, and below it one for each of its comparisons, unless no seeds are
    enough for any."""
    lines = []
    for claim, differences in found:
        words = f' ({claim.within:g} points)' if claim.within else ''
        verdicts = Finding(claim, differences).verdicts()
        lines.append([f'**{claim.finding}{words}**', *(f'**{text}**' for text in verdicts)])
        if set(verdicts) != {UNKNOWN}:
            for pair, own in zip(claim.pairs, differences, strict=True):
                lines.append([_words(pair), *(str(d or '–') for d in own)])
    header = ['finding', *(measure.header for measure in MEASURES[dataset])]
    return markdown_table(header, lines)


def summary_table(found: dict[str, list[Finding]]) -> str:
    """The verdict on each claim by the first measure of each data set."""
    shown = {data: own for data, own in found.items() if own}
    by_claim: dict[str, dict[str, str]] = {}
    for data, own in shown.items():
        for finding in own:
            by_claim.setdefault(finding.claim.finding, {})[data] = finding.verdicts()[0]
    header = ['finding', *(f'{DATA[data]}, {MEASURES[data][0].header}' for data in shown)]
    lines = [[words, *(own.get(d, '–') for d in shown)] for words, own in by_claim.items()]
    return markdown_table(header, lines)


def _words(pair: tuple[PointName | None, PointName | None]) -> str:
    first, second = ('untrained' if name is None else f'{name}' for name in pair)
    return f'{first} against {second}'
