"""Names of made-up institutes, projects and people, with the letters that real ones have."""

from __future__ import annotations

import unicodedata
from typing import Final

TOPICS: Final = (
    ("Klimadynamik", "clim"),
    ("Météorologie", "meteo"),
    ("Lattice QCD: Λ baryons", "qcd"),
    ("Genomik", "gen"),
    ("Astrophysique", "astro"),
    ("Apprentissage profond", "ml"),
    ("Fisica dei materiali", "mat"),
    ("Hirnforschung", "neuro"),
    ("Strömungsmechanik", "cfd"),
    ("Sismologia", "seis"),
    ("Výpočetní chemie", "chem"),
    ("Glaziologie", "ice"),
)
"""Field of research as people write it, and the stem of slugs about it."""

PLACES: Final = (
    ("Zürichsee", "zsee"),
    ("Genève-Champel", "champel"),
    ("Ceresio", "ceresio"),
    ("Würenlingen", "wuer"),
    ("Neuchâtel", "neuch"),
    ("Říp", "rip"),
    ("Graubünden", "graub"),
    ("Val Müstair", "mustair"),
    ("Préalpes", "prealp"),
    ("Rhône", "rhone"),
    ("Øresund", "oresund"),
    ("Besançon", "besancon"),
    ("Åre", "are"),
)
"""Where an institute sits, and the stem of its slug. Coprime in number with the topics, so that
stepping through both meets every pair."""

INSTITUTES: Final = ("Institut für", "Laboratoire de", "Centro di", "Centre for", "Ústav:")

ENDEAVOURS: Final = (
    "Hochauflösende Simulationen",
    "Prévisions saisonnières",
    "Analisi su larga scala",
    "Ensemble runs",
    "Zeitreihen 1981 bis 2060",
    "Modèles de fondation",
    "Survey pipeline",
    "Öffentliche Datensätze",
    "Dépôt d'archives",
)

FIRST_NAMES: Final = (
    "Alena",
    "Beat",
    "Çiğdem",
    "Délia",
    "Émile",
    "Fiona",
    "Göran",
    "Hélène",
    "Iñigo",
    "Jürg",
    "Katarína",
    "Loïc",
    "Małgorzata",
)

LAST_NAMES: Final = (
    "Ackermann",
    "Böhm",
    "Čapek",
    "Dufrêne",
    "Egli",
    "Füglister",
    "Grünenfelder",
    "Hübscher",
    "Jørgensen",
    "Kučera",
    "Løvås",
    "Müller",
    "Núñez",
    "Rüegg",
    "Szabó",
    "Zürcher",
)

# Letters that Unicode does not take apart into a base letter and a mark.
_TRANSCRIBED: Final = str.maketrans({"ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "ß": "ss"})


def ascii_letters(text: str) -> str:
    """Return the text in lower-case ASCII letters and digits only, for use in slugs and logins."""
    plain = unicodedata.normalize("NFKD", text.translate(_TRANSCRIBED))
    return "".join(letter for letter in plain.lower() if letter.isascii() and letter.isalnum())


def institute_name(number: int) -> str:
    """The name of the `number`-th customer."""
    topic, place = TOPICS[number % len(TOPICS)][0], PLACES[number % len(PLACES)][0]
    return f"{INSTITUTES[number % len(INSTITUTES)]} {topic} {place}"


def institute_slug(number: int) -> str:
    """The slug of the `number`-th customer; different numbers have different slugs."""
    return f"{PLACES[number % len(PLACES)][1]}-{TOPICS[number % len(TOPICS)][1]}-{number + 1}"


def project_name(number: int) -> str:
    """The name of the `number`-th project."""
    topic = TOPICS[number * 5 % len(TOPICS)][0]
    return f"{topic}: {ENDEAVOURS[number % len(ENDEAVOURS)]} {number // len(ENDEAVOURS) + 1}"


def project_slug(number: int) -> str:
    """The slug of the `number`-th project, such as `qcd0207`; different numbers differ."""
    return f"{TOPICS[number * 5 % len(TOPICS)][1]}{number + 1:04d}"


def person(number: int) -> tuple[str, str]:
    """First and last name of the `number`-th person; names repeat, as they do in life."""
    last = LAST_NAMES[number // len(FIRST_NAMES) % len(LAST_NAMES)]
    return FIRST_NAMES[number % len(FIRST_NAMES)], last


def login(number: int) -> str:
    """A login such as `aackermann42`; different numbers have different logins."""
    first, last = person(number)
    return f"{ascii_letters(first)[:1]}{ascii_letters(last)}{number}"
