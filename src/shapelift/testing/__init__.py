"""For tests of one's own: the contract of a family, and a data set that takes no renderer."""

from shapelift.testing.contract import FAMILY_CHECKS, ContractError, FamilyCase, check_family
from shapelift.testing.example_data import LOPSIDED_CHAIR, write_example_data

__all__ = ["FAMILY_CHECKS", "LOPSIDED_CHAIR", "ContractError", "FamilyCase", "check_family", "write_example_data"]
