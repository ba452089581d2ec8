"""Stand-ins for the pipelines of the recipes in `config/recipes/`, as their vendors describe them."""
