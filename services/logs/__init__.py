"""The Lambdas behind POST /hooks/logs: `receiver` stores Edge logs, `writer` puts them into CloudWatch Logs.

`silence` tells of a drain that stopped.
"""
