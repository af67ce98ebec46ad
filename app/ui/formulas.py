"""Formulas as people can read them without a typesetter: `$\\frac{a}{b} \\le \\alpha^2$` becomes a/b ≤ α².

A few commands become Unicode, indices become <sub> and <sup>, names of functions lose their backslash; what is not known
stays as it was written. Everything is escaped before a tag of ours goes in.
"""

from __future__ import annotations

import re
from html import escape

_GREEK = "alpha α beta β gamma γ delta δ epsilon ε varepsilon ε zeta ζ eta η theta θ lambda λ mu μ nu ν pi π rho ρ sigma σ tau τ phi φ "
_GREEK += "varphi φ chi χ psi ψ omega ω Gamma Γ Delta Δ Theta Θ Lambda Λ Pi Π Sigma Σ Phi Φ Psi Ψ Omega Ω"
_SIGNS = "times × cdot · div ÷ pm ± le ≤ leq ≤ ge ≥ geq ≥ ne ≠ neq ≠ approx ≈ sim ∼ equiv ≡ to → rightarrow → leftarrow ← mapsto ↦ "
_SIGNS += "infty ∞ partial ∂ nabla ∇ sum ∑ prod ∏ int ∫ in ∈ notin ∉ subset ⊂ cup ∪ cap ∩ forall ∀ exists ∃ odot ⊙ oplus ⊕ otimes ⊗ "
_SIGNS += "ldots … cdots … dots … mid | Vert ‖ lVert ‖ rVert ‖ | ‖ top ⊤ circ ∘ propto ∝ ll ≪ gg ≫ lfloor ⌊ rfloor ⌋ lceil ⌈ rceil ⌉"
_WORDS = (_GREEK + " " + _SIGNS).split()
SYMBOLS = dict(zip(_WORDS[::2], _WORDS[1::2], strict=True))

LONGEST = 600
_COMMAND = re.compile(r"\\([A-Za-z]+|[|,;:!% {}_&#])")
_FRACTION = re.compile(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}")
_ROOT = re.compile(r"\\sqrt\s*\{([^{}]*)\}")
_PLAIN = re.compile(
    r"\\(?:text|mathrm|mathbf|mathit|mathcal|mathbb|boldsymbol|operatorname|hat|bar|tilde|vec|overline)\s*\{([^{}]*)\}"
)
_INDEX = re.compile(r"([_^])(?:\{([^{}]*)\}|([^\s{}\\<&]))")
_SPACES = frozenset(",;:! ")


def formula(source: str) -> str:
    """HTML of a formula without its dollar signs; one that is long or does not come apart cleanly stays text."""
    if len(source) > LONGEST:
        return escape(source, quote=False)
    text = escape(source, quote=False)
    for _ in range(4):  # nested braces come apart from the inside
        text = _PLAIN.sub(r"\1", _FRACTION.sub(_fraction, _ROOT.sub(r"√(\1)", text)))
    text = _COMMAND.sub(_symbol, text)
    for _ in range(3):
        text = _INDEX.sub(_indexed, text)
    return text.replace("{", "").replace("}", "")


def _fraction(match: re.Match[str]) -> str:
    above, below = (part if len(part) == 1 or part.isalnum() else f"({part})" for part in (match[1], match[2]))
    return f"{above}/{below}"


def _symbol(match: re.Match[str]) -> str:
    name = match[1]
    if name in _SPACES:
        return " "
    return SYMBOLS.get(name, "" if name in {"left", "right", "quad", "displaystyle"} else name)


def _indexed(match: re.Match[str]) -> str:
    tag = "sub" if match[1] == "_" else "sup"
    return f"<{tag}>{match[2] if match[2] is not None else match[3]}</{tag}>"
