"""The labs' datasets by name, as models/catalog and models/fetch are for weights: `loading.load(desk, "nsmc", train=20_000)`."""
