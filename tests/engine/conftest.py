"""The company in which the stories happen."""

from tests.company import company as company
