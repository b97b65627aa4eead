"""The scalars of a run in its work dir, which its curve and its record are made of."""

from mmengine.config import Config

LOCAL = 'LocalVisBackend'


def keep_scalars(cfg: Config) -> None:
    """Add MMEngine's local backend to a config that logs to others alone, such as TensorBoard."""
    visualizer = cfg.get('visualizer')
    if not isinstance(visualizer, dict):
        return  # the Runner's own has it
    backends = visualizer.get('vis_backends') or []
    backends = list(backends) if isinstance(backends, list | tuple) else [backends]
    kinds = [b.get('type') if isinstance(b, dict) else type(b).__name__ for b in backends]
    if not any(str(kind).split('.')[-1] == LOCAL for kind in kinds):
        visualizer['vis_backends'] = [*backends, dict(type=LOCAL)]
