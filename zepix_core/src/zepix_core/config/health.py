"""Settings of the watch over the plugins: the section ``health``."""

import attrs

from zepix_core.model.setting import setting


@attrs.frozen(kw_only=True)
class HealthSettings:
    """What a plugin's worker may use."""

    memory_limit_mb: int = setting(
        256, doc="Resident memory of a worker, MB; one that holds more is ended and started again", ge=64
    )
