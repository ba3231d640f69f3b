"""Mail domains that belong to no company: free-mail providers and universities."""

from __future__ import annotations

import re
from pathlib import Path

FREE_MAIL = frozenset(Path(__file__).with_name("free_mail_domains.txt").read_text().split())

# .edu, .ac.uk, .edu.au and their like, and the usual names of universities.
_ACADEMIC = re.compile(
    r"(?:^|\.)(?:edu|(?:edu|ac)\.[a-z]{2})$|(?:^|\.)(?:uni|fh|tu|hs|ens|univ)-[a-z0-9-]+\.[a-z]+$"
)


def domain_type(domain: str) -> str:
    """'free', 'academic' or 'business'; '' for no domain. `domain` is in lower case."""
    if not domain:
        return ""
    if domain in FREE_MAIL:
        return "free"
    return "academic" if _ACADEMIC.search(domain) else "business"


# Web addresses where many companies have a page: they tell none.
_SHARED_HOSTS = frozenset(
    (
        "facebook.com",
        "linkedin.com",
        "instagram.com",
        "twitter.com",
        "x.com",
        "youtube.com",
        "tiktok.com",
        "xing.com",
        "pinterest.com",
        "google.com",
        "sites.google.com",
        "github.com",
        "medium.com",
        "linktr.ee",
        "wordpress.com",
        "blogspot.com",
        "wixsite.com",
    )
)


def is_shared_host(domain: str) -> bool:
    """Whether a domain says nothing about a company: free mail, a university, a social network."""
    return domain in _SHARED_HOSTS or domain_type(domain) != "business"
