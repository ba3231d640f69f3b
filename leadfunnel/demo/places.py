"""Where the invented people live: names and cities that belong together, by country."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True)
class Country:
    code: str
    share: int
    dial: str
    region: str
    tld: str
    first_names: tuple[str, ...]
    last_names: tuple[str, ...]
    cities: tuple[str, ...]


def _country(
    code: str, share: int, dial: str, region: str, tld: str, *, first: str, last: str, cities: str
) -> Country:
    return Country(
        code, share, dial, region, tld, tuple(first.split()), tuple(last.split()), tuple(cities.split(", "))
    )


COUNTRIES = (
    _country(
        "DE", 22, "+49", "DACH", "de",
        first="Anna Lena Julia Katharina Sabine Petra Miriam Franziska Jonas Lukas Felix Stefan Andreas Jürgen "
        "Matthias Tobias Florian Sebastian Markus Heike",
        last="Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Hoffmann Schäfer Koch Bauer Richter Klein "
        "Wolf Schröder Neumann Schwarz Zimmermann Krüger",
        cities="Berlin, Hamburg, München, Köln, Frankfurt, Stuttgart, Leipzig, Düsseldorf",
    ),
    _country(
        "US", 20, "+1", "North America", "com",
        first="Emily Sarah Jessica Ashley Megan Rachel Lauren Nicole Michael David James Robert Daniel Matthew Brian "
        "Kevin Tyler Marcus Latoya Denise",
        last="Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Martinez Anderson Taylor Thomas Moore "
        "Jackson Lee Thompson White Harris Clark",
        cities="New York, Chicago, Austin, Denver, Boston, Seattle, Atlanta, San Francisco",
    ),
    _country(
        "GB", 14, "+44", "UK & Ireland", "co.uk",
        first="Charlotte Emma Olivia Sophie Lucy Hannah Priya Aisha Oliver Harry George Thomas William Callum Liam "
        "Imran Rupert Gareth Fiona Isla",
        last="Taylor Davies Evans Wilson Roberts Wright Walker Hughes Edwards Green Hall Wood Patel Khan Clarke "
        "Turner Cooper Morris Ward Bennett",
        cities="London, Manchester, Bristol, Leeds, Edinburgh, Glasgow, Birmingham",
    ),
    _country(
        "FR", 9, "+33", "Southern Europe", "fr",
        first="Camille Léa Manon Chloé Claire Élodie Céline Aurélie Nicolas Julien Pierre Antoine Maxime Guillaume "
        "François Thibault",
        last="Martin Bernard Dubois Thomas Robert Richard Petit Durand Leroy Moreau Simon Laurent Lefèvre Garnier "
        "Faure Rousseau",
        cities="Paris, Lyon, Toulouse, Nantes, Lille, Bordeaux",
    ),
    _country(
        "NL", 7, "+31", "Benelux", "nl",
        first="Sanne Lotte Femke Anouk Iris Marieke Daan Sem Bram Jeroen Sander Pieter Wouter Maarten",
        last="Jansen Bakker Visser Smit Meijer Mulder Bos Vos Peters Hendriks Dekker Brouwer Koster Prins",
        cities="Amsterdam, Rotterdam, Utrecht, Eindhoven, Den Haag",
    ),
    _country(
        "ES", 6, "+34", "Southern Europe", "es",
        first="Lucía María Paula Marta Carmen Laura Hugo Pablo Javier Álvaro Diego Sergio",
        last="García Fernández González López Martínez Sánchez Pérez Gómez Ruiz Díaz Moreno Muñoz",
        cities="Madrid, Barcelona, Valencia, Sevilla, Bilbao",
    ),
    _country(
        "SE", 5, "+46", "Nordics", "se",
        first="Elsa Astrid Ebba Maja Karin Ingrid Erik Lars Johan Oskar Nils Björn",
        last="Andersson Johansson Karlsson Nilsson Eriksson Larsson Olsson Persson Svensson Lindberg",
        cities="Stockholm, Göteborg, Malmö, Uppsala",
    ),
    _country(
        "PL", 4, "+48", "Central Europe", "pl",
        first="Zofia Maja Katarzyna Agnieszka Joanna Piotr Paweł Tomasz Michał Łukasz",
        last="Nowak Kowalski Wiśniewski Wójcik Kamiński Lewandowski Zieliński Szymański Woźniak Dąbrowski",
        cities="Warszawa, Kraków, Wrocław, Gdańsk",
    ),
    _country(
        "CH", 4, "+41", "DACH", "ch",
        first="Nina Selina Laura Corinne Reto Urs Beat Marco Pascal Simon",
        last="Meier Keller Huber Brunner Baumann Frei Moser Steiner Gerber Widmer",
        cities="Zürich, Basel, Bern, Genève",
    ),
    _country(
        "IN", 5, "+91", "Asia", "in",
        first="Ananya Diya Kavya Neha Priya Rohan Arjun Vikram Rahul Sanjay",
        last="Sharma Verma Gupta Reddy Iyer Nair Mehta Kapoor Joshi Rao",
        cities="Bengaluru, Mumbai, Pune, Hyderabad, Delhi",
    ),
    _country(
        "BR", 4, "+55", "South America", "com.br",
        first="Ana Beatriz Larissa Camila Juliana João Gabriel Rafael Thiago Bruno",
        last="Silva Santos Oliveira Souza Lima Pereira Ferreira Costa Almeida Ribeiro",
        cities="São Paulo, Rio de Janeiro, Curitiba, Belo Horizonte",
    ),
)  # fmt: skip

_WEIGHTS = [country.share for country in COUNTRIES]


def draw_country(random: Random) -> Country:
    return random.choices(COUNTRIES, _WEIGHTS)[0]
