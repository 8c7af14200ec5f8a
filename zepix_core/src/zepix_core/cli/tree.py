"""The tree of commands with a line about each: listing it imports no command."""

from collections.abc import Mapping

Branch = Mapping[str, "str | tuple[str, Branch]"]

TREE: Branch = {
    "init": "Create a home folder with settings and tokens.",
    "run": "Run the host: take alerts, ask plugins, place orders.",
    "url": "Print the address that TradingView has to call.",
    "status": "Show how the host stands.",
    "doctor": "Check this home and say what to repair.",
    "alerts": (
        "List alerts, or send one.",
        {
            "list": "List alerts with what became of them.",
            "send": "Send an alert to the running host's webhook.",
        },
    ),
    "why": "Tell the whole story of one alert or order.",
    "orders": ("List what was asked of the broker.", {"list": "List orders with their states."}),
    "trades": ("List trades with their results.", {"list": "List trades, open and closed."}),
    "positions": (
        "List open positions, or close one.",
        {"list": "List open positions.", "close": "Close one position."},
    ),
    "reconcile": "Compare the host's books with the broker's, and decide about contradictions.",
    "account": "Show the account.",
    "paper": (
        "Look into the paper broker's own book.",
        {"orders": "List the paper broker's orders.", "positions": "List the paper broker's open positions."},
    ),
    "plugins": (
        "List the plugins, or switch one.",
        {
            "list": "List the plugins with their states.",
            "enable": "Let a plugin run.",
            "disable": "Ask a plugin no more; its positions keep their stops.",
            "shadow": "Switch a plugin's shadow mode, or report what it would have earned.",
        },
    ),
    "config": (
        "Show or check the settings.",
        {"show": "Show the settings in force, secrets masked.", "validate": "Check every settings file."},
    ),
    "pine": ("Check what TradingView will send.", {"check": "Check a Pine script or an alert's text."}),
    "audit": (
        "Check or export the chain of what happened.",
        {
            "verify": "Recompute the journal's chain and say where it was changed.",
            "export": "Write the records of the chain as lines of JSON.",
        },
    ),
    "db": (
        "Look after the databases.",
        {
            "check": "Check the databases and the journal's chain.",
            "backup": "Back up the journal, or every database, and check the copies.",
            "restore": "Put a backup in the place of its database.",
        },
    ),
    "notify": (
        "Try the ways to people.",
        {"test": "Send a test notice through every channel, and tell the answer."},
    ),
    "notices": (
        "List what people are told.",
        {"list": "List notices, with what became of each in every channel."},
    ),
    "limits": (
        "Show the loss limits, or lift one.",
        {
            "list": "List the loss limits: how far each is used, and until when it holds.",
            "reset": "Lift a limit: losses until now count no more.",
        },
    ),
    "pause": "Let no entry through; closing goes on.",
    "resume": "Let entries through again.",
    "panic": "Brake at once and close everything.",
    "logs": "Print the host's log.",
}
