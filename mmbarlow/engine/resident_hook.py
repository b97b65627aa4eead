"""The switch of a training on small images that lie on the device, without a loader."""

import os

import torch
from mmengine import dist
from mmengine.config import Config
from mmengine.hooks import Hook

from mmbarlow.checkpoints import unwrap
from mmbarlow.datasets.device_views import DeviceViews
from mmbarlow.datasets.plain_views import CenterView
from mmbarlow.datasets.whole_images import NotResident, read_all, recipe_of
from mmbarlow.engine.generators import generator_states, set_generators
from mmbarlow.engine.resident_limits import obstacles
from mmbarlow.engine.resident_loader import ResidentImages, ResidentLoader
from mmbarlow.engine.resident_step import ResidentStep
from mmbarlow.engine.train_loops import ResumableEpochLoop
from mmbarlow.errors import InputError
from mmbarlow.loss.distributed import world_size
from mmbarlow.registry import HOOKS

GRAPHS = (True, False, 'eager')


@HOOKS.register_module()
class ResidentHook(Hook):
    """Holds the training images on the device and draws the views there (docs/resident.md).

    All images go to the device once, as uint8. From then on a step gets the keys of its images and
    makes the views that the loader would have made, and on a GPU the whole step is one CUDA graph
    wherever nothing in it needs Python. Where the images cannot be held there, or the step not be
    captured, the log says why, and the run goes on without.

    Args:
        graph: False: no CUDA graph. 'eager': what a graph would hold, call by call, on any device.
        share: of the free memory of the device that the images may take.

    Raises:
        InputError: a value is none of these.
    """

    priority = 'LOWEST'  # when all other hooks have done what they do before a training

    def __init__(self, graph: bool | str = True, share: float = 0.5) -> None:
        if graph not in GRAPHS:
            raise InputError(f"resident.graph={graph!r} must be True, False or 'eager'.")
        if not 0 < share <= 1:
            raise InputError(f'resident.share={share} is no share of the memory: give up to 1.')
        self.graph, self.share = graph, share
        self.step: ResidentStep | None = None

    def before_train(self, runner) -> None:
        loop = runner.train_loop
        try:
            source = self._source(runner)
            loader = ResidentLoader(loop.loader, source)
        except NotResident as reason:
            runner.logger.warning(f'the images are not held on the device: {reason}')
            return
        loop.dataloader = loader
        device, why = source.images.device, list(obstacles(runner))
        gpu = device.type == 'cuda'
        static = self.graph == 'eager' or gpu and self.graph is True
        if static and why:
            runner.logger.warning(f'the step is not replayed from a CUDA graph: {"; ".join(why)}')
        static &= not why
        self.step = ResidentStep(runner, source, static, static and gpu and self.graph is True)
        loop.step = self.step
        runner.logger.info(
            f'{len(source.images):,} images are held on the device, '
            f'{source.images.nbytes / 2**20:,.0f} MiB; views are made there'
            + ', and a step is one CUDA graph'
            * self.step.capture
        )

    def after_train(self, runner) -> None:
        if self.step is not None:
            self.step.restore()

    def _source(self, runner) -> ResidentImages:
        loop, model = runner.train_loop, unwrap(runner.model)
        if not isinstance(loop, ResumableEpochLoop):
            raise NotResident('the training counts iterations: only one of epochs has them there.')
        data, device = loop.loader.dataset, next(model.parameters()).device
        recipe = recipe_of(data, model.data_preprocessor)
        most, workers = self.share * free_memory(device), loop.loader.num_workers
        found, reason = None, None
        states = generator_states()  # which the search for another image than a broken one moves
        try:
            found = read_all(data, recipe.reader, most, workers)
        except NotResident as error:
            reason = str(error)
        set_generators(states)
        reasons = [reason for reason in dist.all_gather_object(reason) if reason]
        if reasons or found is None:
            raise NotResident(reasons[0])
        images, broken = found
        views = DeviceViews(recipe.views, recipe.size, device)
        whole = isinstance(recipe.reader, CenterView)
        return ResidentImages(images.to(device), views, data, broken, whole)


def free_memory(device: torch.device) -> float:
    """Bytes on the device for this process.

    Raises:
        NotResident: the system does not tell.
    """
    if device.type == 'cuda':
        return torch.cuda.mem_get_info(device)[0]
    if not hasattr(os, 'sysconf'):  # Windows
        raise NotResident('this system does not tell how much memory it has.')
    return os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / world_size()


def use_resident(cfg: Config) -> None:
    """Replace `resident` at the top of a config by the hook that it stands for.

    Raises:
        InputError: it is neither True, False nor what `ResidentHook` takes.
    """
    asked = cfg.pop('resident', False)
    if not isinstance(asked, bool | dict):
        raise InputError(f'resident={asked!r} must be True or False, or have options of its own.')
    if asked is not False:
        options = {} if asked is True else dict(asked)
        if unknown := options.keys() - {'graph', 'share'}:
            raise InputError(f'resident has graph and share, not {", ".join(sorted(unknown))}.')
        ResidentHook(**options)  # raises now, before anything is built
        hook = dict(type='mmbarlow.ResidentHook', **options)
        cfg.custom_hooks = [*(cfg.get('custom_hooks') or []), hook]
