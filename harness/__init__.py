"""The harness: property tests for every backend, and for any implementation a user brings, against the oracle."""

from convoracle.harness.checks.catalogue import CHECKS
from convoracle.harness.networks.verify_network import verify_network
from convoracle.harness.operations import OPERATIONS
from convoracle.harness.report import Failure, Report
from convoracle.harness.verify import verify

__all__ = ["CHECKS", "OPERATIONS", "Failure", "Report", "verify", "verify_network"]
