"""The words the world is made of: names, trades, titles, campaigns. No rules."""

# ruff: noqa: SIM905  a block of words reads better than a column of strings

from __future__ import annotations

from collections.abc import Mapping

FIRST_NAMES = (
    "Ada Amir Anna Bela Boris Carla Chen Clara Daniel Dora Elif Emma Erik Eva Farid Felix Grace "
    "Hana Hugo Ines Ivan Jana Jonas Julia Kai Karin Lars Lea Leo Lina Luca Maja Marc Maria Mila "
    "Nadia Nils Nora Olga Omar Oskar Paula Pia Priya Ravi Rosa Sara Sofia Sven Tara Theo Tina Tom "
    "Uma Vera Viktor Wanda Yara Yusuf Zoe"
).split()

LAST_NAMES = (
    "Abbott Adler Arnold Baker Bauer Becker Berg Brandt Carter Chavez Cole Cruz Dahl Diaz Engel "
    "Ericson Farrell Fischer Ford Frank Garcia Gomez Graf Gupta Hale Hansen Hoffman Iyer Jansen "
    "Keller Khan Klein Kumar Lang Larsen Lopez Marsh Meyer Moreau Nash Novak Olsen Ortiz Park "
    "Patel Quinn Ramos Reed Roth Sato Schmidt Silva Stein Tanner Torres Ueda Vogel Wagner Walsh "
    "Weber West Wolf York Young Ziegler"
).split()

FIRST_WORDS = (
    "Amber Apex Arbor Atlas Aurora Beacon Birch Blue Bright Cedar Cinder Clear Cobalt Copper Coral "
    "Crest Delta Dune East Echo Ember Falcon Fern Flint Forge Frost Garnet Glen Granite Harbor "
    "Hazel Helio Iron Ivory Jade Juniper Keystone Lake Lark Lumen Maple Meridian Mint Moss North "
    "Nova Oak Onyx Opal Orchard Pine Prime Quartz River Rowan Sage Silver Slate Solar Spruce"
).split()

LAST_WORDS = (
    "Analytics Bank Capital Care Clinics Cloud Components Credit Data Devices Diagnostics Dynamics "
    "Energy Finance Foods Freight Funds Goods Health Holdings Industries Insurance Labs Logistics "
    "Machines Media Medical Metals Motors Networks Partners Pharma Retail Robotics Software "
    "Systems Telecom Textiles Tools Ventures"
).split()

INDUSTRIES: Mapping[str, float] = {
    "software": 24,
    "finance": 17,
    "health": 14,
    "manufacturing": 15,
    "retail": 12,
    "logistics": 9,
    "media": 9,
}

COUNTRIES: Mapping[str, float] = {
    "US": 57,
    "CA": 7,
    "GB": 9,
    "DE": 10,
    "AT": 3,
    "CH": 3,
    "NO": 2,
    "FR": 5,
    "IN": 4,
}

DECIDERS = ("CEO", "CTO", "CFO", "VP Operations", "VP Sales", "Head of IT", "Director of Data")
MANAGERS = ("IT Manager", "Marketing Manager", "Operations Manager", "Product Manager")
OTHERS = ("Engineer", "Analyst", "Consultant", "Specialist", "Developer", "Coordinator")
STUDENTS = ("Student", "Student of Economics", "Intern")

PRIVATE_MAILBOXES = ("gmail.com", "yahoo.com", "outlook.com")

NEEDS: Mapping[str, float] = {
    "replace spreadsheets": 30,
    "one view of customers": 25,
    "faster reporting": 20,
    "compliance": 15,
    "cost control": 10,
}

CHANNELS: Mapping[str, float] = {
    "paid_search": 26,
    "organic_search": 24,
    "social": 16,
    "display": 12,
    "email": 12,
    "referral": 10,
}

CAMPAIGNS: Mapping[str, tuple[str, ...]] = {
    "paid_search": ("search_brand", "search_category"),
    "organic_search": ("blog", "comparison_pages"),
    "social": ("social_autumn", "social_stories"),
    "display": ("display_retargeting",),
    "email": ("newsletter", "winback"),
    "referral": ("partners",),
}

DAILY_SPEND: Mapping[str, tuple[int, int]] = {
    "search_brand": (180, 320),
    "search_category": (420, 760),
    "blog": (90, 120),
    "comparison_pages": (60, 90),
    "social_autumn": (220, 480),
    "social_stories": (80, 190),
    "display_retargeting": (150, 380),
    "newsletter": (25, 40),
    "winback": (15, 30),
    "partners": (100, 160),
}
"""What a campaign costs a day, least and most, in the agreement's currency."""

PAGES = ("/", "/product", "/customers", "/blog/reporting", "/integrations", "/about", "/security")
PAPERS = ("state of reporting", "buyer's guide", "benchmarks")
WEBINARS = ("reporting in practice", "customers on stage")
MAILS = ("newsletter", "product news", "case study")
