"""What tells its operators and its owner how an environment does."""

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_budgets as budgets

from settings.environment import Environment
from stacks.constructs.operations import notified_topic
from stacks.observability import alarms
from stacks.observability.dashboards import operations_dashboard, owners_dashboard
from stacks.observability.sources import Sources

# Of the budget, in percent: of what was spent, and of what AWS forecasts for the month.
BUDGET_NOTICES = (("ACTUAL", 80), ("ACTUAL", 100), ("FORECASTED", 100))


class ObservabilityStack(cdk.Stack):
    """Alarms over several stacks, two dashboards and, if the settings have one, a monthly budget.

    The emulator has none of metric math, composite alarms and budgets, so only AWS has this stack. It is
    deployed last: it reads the parameters that the other stacks publish.
    """

    def __init__(self, scope: Any, construct_id: str, *, settings: Environment, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)
        sources = Sources(self, settings.name)
        notify, limits = notified_topic(self, settings), settings.alarms
        alarms.slow_reports(self, sources, limits.report_goal_s, notify=notify)
        alarms.failing_reports(self, sources, limits.error_percent, notify=notify)
        alarms.request_errors(self, sources, limits.error_percent, notify=notify)
        alarms.missing_tasks(self, sources, settings.service.min_tasks, notify=notify)
        alarms.no_traffic(self, sources, notify=notify)
        if settings.has_edge_logs():
            alarms.analysis_errors(self, sources, limits.error_percent, notify=notify)
            if settings.webhook is not None:
                alarms.silent_drain(self, sources, notify=notify)
        operations_dashboard(self, settings, sources)
        owners_dashboard(self, settings, sources)
        if limits.monthly_budget_usd is not None and settings.has_budget():
            self._budget(limits.monthly_budget_usd, notify)

    def _budget(self, usd: float, topic: str) -> None:
        budget = budgets.CfnBudget
        budget(
            self,
            "Budget",
            # Unnamed: another topic replaces it, and a second budget cannot have the first one's name. Of the
            # whole account: a tag counts only after it is activated for cost allocation.
            budget=budget.BudgetDataProperty(
                budget_type="COST",
                time_unit="MONTHLY",
                budget_limit=budget.SpendProperty(amount=usd, unit="USD"),
            ),
            notifications_with_subscribers=[
                budget.NotificationWithSubscribersProperty(
                    notification=budget.NotificationProperty(
                        notification_type=kind,
                        comparison_operator="GREATER_THAN",
                        threshold=percent,
                        threshold_type="PERCENTAGE",
                    ),
                    subscribers=[budget.SubscriberProperty(subscription_type="SNS", address=topic)],
                )
                for kind, percent in BUDGET_NOTICES
            ],
        )
