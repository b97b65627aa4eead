"""Reports images that training could not read, and stops it when there are too many."""

from collections.abc import Iterable

from mmengine import dist
from mmengine.hooks import Hook

from mmbarlow.errors import InputError
from mmbarlow.registry import HOOKS


@HOOKS.register_module()
class BrokenImagesHook(Hook):
    """Logs once each image that was replaced by another one, and limits their share.

    `mmbarlow.datasets.broken_images.Skipper` leaves them in `skipped` of a sample. At the end of an
    epoch the images of all processes are counted together, and the first process logs their
    paths. Until then each process counts its own and allows three standard deviations more than
    its share, which chance may give it.

    Args:
        max_share: largest share of the data set's images that may be broken.

    Raises:
        InputError: more of them are.
    """

    priority = 'HIGH'  # before CheckpointHook saves the epoch
    kept = ('broken', 'everywhere', 'seen')  # in checkpoints, see `mmbarlow.engine.run_state`

    def __init__(self, max_share: float = 0.01) -> None:
        self.max_share = max_share
        self.broken: dict[str, str] = {}  # path and reason, of this process
        self.everywhere: dict[str, str] = {}  # logged, of all processes
        self.seen = 0  # samples of this process

    def before_train_iter(self, runner, batch_idx, data_batch=None) -> None:
        assert isinstance(data_batch, dict)
        samples = data_batch.get('data_samples', ())
        self.seen += len(samples)
        found = getattr(samples, 'skipped', None)  # of images that lie on the device
        if found is None:
            found = [pair for sample in samples for pair in sample.get('skipped', ())]
        if not found:
            return
        self.broken.update(found)
        self._log(runner, found)
        total = len(runner.train_dataloader.dataset)
        # in the first epoch, images that this process has not seen yet count as good
        seen = min(max(self.seen, total / dist.get_world_size()), total)
        expected = self.max_share * seen
        self._check(runner, self.broken, expected + 3 * expected**0.5)

    def after_train_epoch(self, runner) -> None:
        for found in dist.all_gather_object(self.broken):
            self._log(runner, found.items())
        self._check(runner, self.everywhere)

    def after_train(self, runner) -> None:
        self.after_train_epoch(runner)  # for a run that counts iterations
        if self.everywhere:
            runner.logger.warning(
                f'{len(self.everywhere)} of {len(runner.train_dataloader.dataset):,} images could '
                'not be read and were replaced by others; `mmbarlow verify` lists them.'
            )

    def _log(self, runner, found: Iterable[tuple[str, str]]) -> None:
        for path, reason in found:
            if path not in self.everywhere:
                self.everywhere[path] = reason
                runner.logger.warning(f'broken image, replaced by another one: {path} ({reason})')

    def _check(self, runner, broken: dict[str, str], limit: float = float('inf')) -> None:
        dataset = runner.train_dataloader.dataset
        total = len(dataset)
        if len(broken) <= min(limit, self.max_share * total):
            return
        names = [f'{path} ({reason})' for path, reason in broken.items()]
        more = f' and {len(names) - 3} more' if len(names) > 3 else ''
        folder = getattr(dataset, 'data_root', None) or 'FOLDER'
        raise InputError(
            f'{len(names)} of the images seen so far cannot be read, more than max_share = '
            f'{self.max_share:.4g} of {total:,} allows: {", ".join(names[:3])}{more}. List all of '
            f'them with `mmbarlow verify {folder}`, and repair or remove them; to continue '
            'anyway, give --cfg-options '
            f'default_hooks.broken_images.max_share={2 * len(names) / total:.2g}.'
        )
