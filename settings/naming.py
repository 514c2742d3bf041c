"""The names that stacks, commands and the local system share, each spelled in one place."""

import re

PROJECT = "vitrine"
# The qualifier of an account's bootstrap by the CDK, unless an environment has its own.
DEFAULT_QUALIFIER = "hnb659fds"
# The stacks that an environment can have, in the order in which they can be deployed.
STACKS = (
    *("storage", "results", "model", "analyze", "studio", "gateway", "hooks", "web", "delivery"),
    "observability",
)
# The gateway's VPC link and Studio are in the first zones of the settings, so that a third can be taken away.
LINK_ZONES = 2
# The outputs that a web page may read. The others name resources of the account.
PUBLIC_OUTPUTS = ("ApiUrl", "PageUrl", "Region", "SupabaseUrl", "SupabasePublishableKey")
# The index of the reports table that holds the unfinished reports, and the attribute that puts a row into it.
UNFINISHED_INDEX = "unfinished"
# The file of an assembly's folder that holds the settings of its templates.
SETTINGS_FILE = "settings.json"
# The parameter that says which commit was last deployed: no stack makes it.
DEPLOYED_COMMIT = "deployed-commit"
# The route of Supabase's Edge logs.
EDGE_LOGS_PATH = "/hooks/logs"


def stack_name(environment_name: str, stack: str) -> str:
    """Return the CloudFormation name of a stack of STACKS: ("prod", "gateway") is vitrine-prod-gateway."""
    return f"{PROJECT}-{environment_name}-{stack}"


def alarm_topic_name(environment_name: str) -> str:
    """Return the name of the SNS topic on which every alarm of an environment acts."""
    return f"{PROJECT}-{environment_name}-alarms"


def log_receiver_name(environment_name: str) -> str:
    """Return the name of the function that receives Edge logs, by which the gateway's route finds it."""
    return f"{PROJECT}-{environment_name}-log-receiver"


def image_repository_name(environment_name: str) -> str:
    """Return the name of the ECR repository that holds the images of `services/analyze`."""
    return f"{PROJECT}-{environment_name}-analyze"


def parameter_name(environment_name: str, output: str) -> str:
    """Return the SSM parameter that repeats a stack output: ("prod", "ApiUrl") is /vitrine/prod/api-url.

    `output` may already be in kebab case, as in api-url, or be DEPLOYED_COMMIT.
    """
    kebab = re.sub(r"(?<!^)(?=[A-Z])", "-", output).lower()
    return f"/{PROJECT}/{environment_name}/{kebab}"
