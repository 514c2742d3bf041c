"""The words of the domain: reports, observations, errors. Imports no client library."""
