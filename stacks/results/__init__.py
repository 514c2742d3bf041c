"""The queues and functions that finish reports and deliver webhooks."""
