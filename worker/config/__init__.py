"""What a user writes: a folder of YAML becomes a configuration, checked as a whole."""

from worker.config.cases import CaseResult, run_cases
from worker.config.load import Configuration, inspect, load
from worker.config.problem import ConfigurationError, Problem
from worker.config.schema import json_schema
from worker.config.system import System

__all__ = [
    "CaseResult",
    "Configuration",
    "ConfigurationError",
    "Problem",
    "System",
    "inspect",
    "json_schema",
    "load",
    "run_cases",
]
