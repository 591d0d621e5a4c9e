"""How much and how long: the same for users and contacts, because Chatwoot counts by the address that calls.

Source: config/initializers/rack_attack.rb of Chatwoot, and the defaults of the gem rack-timeout that it runs with.
"""

from connectors.contract import Budget

BUDGET = Budget(3000, 60.0)
"""RACK_ATTACK_LIMIT, in fixed windows of a minute, for all that comes from one IP address."""
LATE_WINDOW = 60.0
"""A request may wait 30 s in the queue and be served for 15 s (wait_timeout and service_timeout); the rest is for proxies."""
