"""An audit → the page that a person reads."""

from __future__ import annotations

from dataclasses import asdict

from support_agent.evaluation import figures
from support_agent.evaluation.effects import ALPHA, FLIPS, MEASURES, Audit
from support_agent.evaluation.page import Card, Table, as_html
from support_agent.evaluation.tables import SIGNED, effect_table, with_interval


def audit_page(audit: Audit) -> bytes:
    """The page of an audit; the same audit makes the same bytes."""
    cards = []
    for family in audit.families:
        flags = [effect.beyond_chance for effect in audit.effects if effect.family == family]
        tone = "bad" if any(flags) else "good"
        cards.append(Card(family, f"{sum(flags)} of {len(flags)}", "differences beyond chance", tone))
    families = [
        {
            "name": family,
            "svg": "".join(_forest(audit, family, measure) for measure in MEASURES),
            "beyond": _beyond_chance(audit, [family]),
            "effects": effect_table(family, audit.effects),
        }
        for family in audit.families
    ]
    made_by = Table("Versions", ["part", "version"], list(audit.versions.items()))
    parts = {"audit": audit, "families": families, "made_by": made_by, "flips": FLIPS, "level": ALPHA}
    return as_html("audit.html", "Bias audit", _summary(audit), cards, **parts)


def _summary(audit: Audit) -> str:
    asked = f"{audit.tickets:,} tickets, {audit.asked:,} texts, {len(audit.effects):,} comparisons."
    beyond = _beyond_chance(audit, audit.families)
    told = f"Beyond chance: {beyond}." if beyond else "No difference is beyond chance; there may be one all the same."
    return f"{audit.closed} {asked} {told}".lstrip()


def _beyond_chance(audit: Audit, families: list[str]) -> str:
    """``Scots: share answered -0.152 [-0.210, -0.094]; …``."""
    return "; ".join(
        f"{effect.name}: {MEASURES[effect.measure]} {with_interval(asdict(effect.difference), SIGNED)}"
        for effect in audit.effects
        if effect.beyond_chance and effect.family in families
    )


def _forest(audit: Audit, family: str, measure: str) -> str:
    rows = [
        (e.name, asdict(e.difference), e.beyond_chance)
        for e in audit.effects
        if (e.family, e.measure) == (family, measure) and e.difference.n
    ]
    label = f"difference in {MEASURES[measure]}"
    name, height = f"{family}-{measure}", 0.9 + 0.26 * len(rows)
    return figures.as_svg(name, height, figures.differences, rows, label) if rows else ""
