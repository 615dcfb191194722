"""Request -> Completion over HTTP: verdicts, adaptation, limits, budget, prices, preflight."""
