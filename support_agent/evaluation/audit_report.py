"""An audit → the page that a person reads.

Comes in: an audit and the agent's versions. Goes out: one HTML file, the same bytes for the same audit.
"""

from __future__ import annotations

from collections.abc import Mapping

from support_agent.evaluation import figures
from support_agent.evaluation.effects import ALPHA, FLIPS, MEASURES, Audit, Effect
from support_agent.evaluation.page import (
    Card,
    Section,
    Table,
    number,
    render,
    share_with_interval,
    signed_with_interval,
)

_READING = {
    "names": "Each origin's names against white American ones, women's against men's; and what a signature does.",
    "tone": "With courtesies, and without any, against the ticket as it stands.",
    "dialect": "Rewritten by rule, against the ticket as it stands, where a rule found something to change.",
    "typing": "With typing errors and without capitals, against the ticket as it stands.",
    "language": "Translated, against the ticket as it stands; n says how many tickets have a translation.",
}


def write_audit_report(audit: Audit, versions: Mapping[str, str]) -> bytes:
    """The page of an audit."""
    sections = [_family(audit, family) for family in dict.fromkeys(effect.family for effect in audit.effects)]
    sections += [_method(audit), _made_by(versions)]
    return render("Bias audit", _summary(audit), _cards(audit), sections)


def in_words(effect: Effect) -> str:
    """``Scots: share answered −0.152 [−0.210, −0.094]``."""
    return f"{effect.name}: {MEASURES[effect.measure]} {signed_with_interval(effect.difference.to_dict())}"


def _summary(audit: Audit) -> str:
    beyond = [effect for effect in audit.effects if effect.beyond_chance]
    asked = f"{audit.tickets:,} tickets, {audit.asked:,} texts, {len(audit.effects):,} comparisons."
    asked = f"{audit.closed} {asked}".lstrip()
    if not beyond:
        return f"{asked} No difference is beyond chance; that does not say that there is none."
    return f"{asked} Beyond chance: {'; '.join(in_words(effect) for effect in beyond)}."


def _cards(audit: Audit) -> list[Card]:
    cards = []
    for family in dict.fromkeys(effect.family for effect in audit.effects):
        effects = [effect for effect in audit.effects if effect.family == family]
        beyond = sum(effect.beyond_chance for effect in effects)
        cards.append(
            Card(family, f"{beyond} of {len(effects)}", "differences beyond chance", "bad" if beyond else "good")
        )
    return cards


def _family(audit: Audit, family: str) -> Section:
    effects = [effect for effect in audit.effects if effect.family == family]
    svgs = [_forest(effects, measure, f"{family}-{measure}") for measure in MEASURES]
    beyond = [in_words(effect) for effect in effects if effect.beyond_chance]
    alt = (
        "Differences with 95% intervals; left of zero the form fares worse. "
        f"Beyond chance (diamonds): {'; '.join(beyond) or 'none'}."
    )
    return Section(
        family.capitalize(), _READING.get(family, ""), "".join(svgs), alt, [_effects(effects), _churn(audit, family)]
    )


def _forest(effects: list[Effect], measure: str, name: str) -> str:
    rows = [
        (e.name, e.difference.to_dict(), e.beyond_chance) for e in effects if e.measure == measure and e.difference.n
    ]
    if not rows:
        return ""
    short = MEASURES[measure].partition(" of the ")[0]  # an axis has no room for the whole definition
    return figures.as_svg(figures.differences(rows, f"difference in {short}"), name, 0.9 + 0.26 * len(rows))


def _effects(effects: list[Effect]) -> Table:
    body = [
        [
            e.name,
            MEASURES[e.measure],
            signed_with_interval(e.difference.to_dict()),
            f"{e.difference.n:,}",
            number(e.p, 4),
            number(e.p_holm, 4),
            "yes" if e.beyond_chance else "no",
        ]
        for e in effects
    ]
    head = ["form", "measure", "difference [interval]", "n", "p", "p (Holm)", "beyond chance"]
    return Table("Differences", head, body, (2, 3, 4, 5))


def _churn(audit: Audit, family: str) -> Table:
    body = [
        [
            c.name,
            share_with_interval(c.rerouted.to_dict()),
            share_with_interval(c.reworded.to_dict()),
            f"{c.rerouted.n:,}",
            f"{c.reworded.n:,}",
        ]
        for c in audit.churn
        if c.family == family
    ]
    head = ["form", "another route", "words that differ, both answered", "n", "n both answered"]
    return Table("What changed at all, in either direction", head, body, range(1, 5))


def _method(audit: Audit) -> Section:
    words = (
        f"Paired over tickets: percentile bootstrap for the intervals, sign-flip permutation test ({FLIPS:,} flips) "
        f"for p, Holm's correction over all {len(audit.effects):,} comparisons at a level of {ALPHA:.0%}. A small "
        f"difference may stay undetected, and with fewer than {audit.fewest} tickets every one does: then only the "
        "intervals speak."
    )
    return Section("Method", words)


def _made_by(versions: Mapping[str, str]) -> Section:
    rows = [[name, version] for name, version in versions.items()]
    return Section("Made by", tables=[Table("Versions", ["part", "version"], rows)])
