"""How the double says no: a trade server's code, or a call that fails."""

from zepix_core.testing.fake_mt5.constants import MT5, Masks

TEXTS = {
    MT5.TRADE_RETCODE_REQUOTE: "Requote",
    MT5.TRADE_RETCODE_REJECT: "Request rejected",
    MT5.TRADE_RETCODE_CANCEL: "Request canceled by trader",
    MT5.TRADE_RETCODE_PLACED: "Order placed",
    MT5.TRADE_RETCODE_DONE: "Request executed",
    MT5.TRADE_RETCODE_DONE_PARTIAL: "Request executed partially",
    MT5.TRADE_RETCODE_ERROR: "Request processing error",
    MT5.TRADE_RETCODE_TIMEOUT: "Request timeout",
    MT5.TRADE_RETCODE_INVALID: "Invalid request",
    MT5.TRADE_RETCODE_INVALID_VOLUME: "Invalid volume",
    MT5.TRADE_RETCODE_INVALID_PRICE: "Invalid price",
    MT5.TRADE_RETCODE_INVALID_STOPS: "Invalid stops",
    MT5.TRADE_RETCODE_TRADE_DISABLED: "Trade disabled",
    MT5.TRADE_RETCODE_MARKET_CLOSED: "Market closed",
    MT5.TRADE_RETCODE_NO_MONEY: "No money",
    MT5.TRADE_RETCODE_PRICE_CHANGED: "Price changed",
    MT5.TRADE_RETCODE_PRICE_OFF: "No prices",
    MT5.TRADE_RETCODE_INVALID_EXPIRATION: "Invalid expiration",
    MT5.TRADE_RETCODE_ORDER_CHANGED: "Order changed",
    MT5.TRADE_RETCODE_TOO_MANY_REQUESTS: "Too many requests",
    MT5.TRADE_RETCODE_NO_CHANGES: "No changes",
    MT5.TRADE_RETCODE_SERVER_DISABLES_AT: "AutoTrading disabled by server",
    MT5.TRADE_RETCODE_CLIENT_DISABLES_AT: "AutoTrading disabled by client",
    MT5.TRADE_RETCODE_LOCKED: "Request locked",
    MT5.TRADE_RETCODE_FROZEN: "Order or position frozen",
    MT5.TRADE_RETCODE_INVALID_FILL: "Unsupported filling mode",
    MT5.TRADE_RETCODE_CONNECTION: "No connection",
    MT5.TRADE_RETCODE_ONLY_REAL: "Only real accounts",
    MT5.TRADE_RETCODE_LIMIT_ORDERS: "Orders limit reached",
    MT5.TRADE_RETCODE_LIMIT_VOLUME: "Volume limit reached",
    MT5.TRADE_RETCODE_INVALID_ORDER: "Invalid order",
    MT5.TRADE_RETCODE_POSITION_CLOSED: "Position doesn't exist",
    MT5.TRADE_RETCODE_INVALID_CLOSE_VOLUME: "Invalid close volume",
    MT5.TRADE_RETCODE_CLOSE_ORDER_EXIST: "Close order already exists",
    MT5.TRADE_RETCODE_LIMIT_POSITIONS: "Positions limit reached",
    MT5.TRADE_RETCODE_REJECT_CANCEL: "Activation rejected, order canceled",
    MT5.TRADE_RETCODE_LONG_ONLY: "Only long positions allowed",
    MT5.TRADE_RETCODE_SHORT_ONLY: "Only short positions allowed",
    MT5.TRADE_RETCODE_CLOSE_ONLY: "Only position closing allowed",
    MT5.TRADE_RETCODE_FIFO_CLOSE: "Only FIFO closing allowed",
    Masks.RETCODE_HEDGE_PROHIBITED: "Hedging prohibited",
}

ERRORS = {
    MT5.RES_S_OK: "Success",
    MT5.RES_E_FAIL: "Terminal: Call failed",
    MT5.RES_E_INVALID_PARAMS: "Terminal: Invalid params",
    MT5.RES_E_NO_MEMORY: "Terminal: Out of memory",
    MT5.RES_E_NOT_FOUND: "Terminal: Not found",
    MT5.RES_E_INVALID_VERSION: (
        "Terminal: Incompatible versions, please install the latest version of Terminal and Python module"
    ),
    MT5.RES_E_AUTH_FAILED: "Terminal: Authorization failed",
    MT5.RES_E_UNSUPPORTED: "Terminal: Unsupported function",
    MT5.RES_E_AUTO_TRADING_DISABLED: "Auto-Trading using Python API disabled in Terminal",
    MT5.RES_E_INTERNAL_FAIL: "IPC call failed",
    MT5.RES_E_INTERNAL_FAIL_SEND: "IPC send failed",
    MT5.RES_E_INTERNAL_FAIL_RECEIVE: "IPC recv failed",
    MT5.RES_E_INTERNAL_FAIL_INIT: "IPC initialize failed",
    MT5.RES_E_INTERNAL_FAIL_CONNECT: "No IPC connection",
    MT5.RES_E_INTERNAL_FAIL_TIMEOUT: "IPC timeout",
}


class Refused(Exception):
    """The trade server refuses a request with ``code``."""

    def __init__(self, code: int, text: str = "") -> None:
        super().__init__(text or TEXTS.get(code, "Unknown error"))
        self.code = code


class CallFailed(Exception):
    """A call fails: its value is ``None`` or ``False``, and `last_error` says ``code`` and the text."""

    def __init__(self, code: int, text: str = "") -> None:
        super().__init__(text or ERRORS[code])
        self.code = code


class ConcurrentCalls(RuntimeError):
    """Two threads called the double at once. The real module is not to be shared either."""
