"""LangChain chat models of ours, one a client. Imported only when a backend builds one: their clients are heavy."""
