"""The real gateway's process with a double for its terminal; see `remote.FakeTerminal`."""

from zepix_core.broker.gateway import Gateway
from zepix_core.testing.fake_mt5.remote import install
from zepix_core.wire.child import serve

if __name__ == "__main__":
    install()
    serve(lambda channel: Gateway(channel).handlers())
