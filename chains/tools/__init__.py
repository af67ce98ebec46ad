"""What the agent can do: one tool a file that exports TOOL, found by `discover("chains.tools", "TOOL")`."""
