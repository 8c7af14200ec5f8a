"""``zepix`` whose gateways trade at a double: ``python -m zepix_core.testing.fake_mt5.zepix run``."""

from zepix_core.broker import gateway_calls
from zepix_core.cli.main import main
from zepix_core.testing.fake_mt5.remote import GATEWAY, install

if __name__ == "__main__":
    install()
    gateway_calls.MODULE = GATEWAY
    main()
