"""Calls the deployed system as its users do, for the local demo and the smoke test."""
