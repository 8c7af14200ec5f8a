"""Scripts that make the tables of the group ``price_action``, in order."""
