"""Evaluating frozen features, during pretraining and after it."""

from typing import Any

from mmengine.runner import BaseLoop

from mmbarlow.checkpoints import unwrap
from mmbarlow.evaluation.class_names import check_splits, class_names
from mmbarlow.evaluation.features import dataset_features
from mmbarlow.evaluation.layers import with_layer
from mmbarlow.registry import LOOPS, METRICS


@LOOPS.register_module()
class FeatureLoop(BaseLoop):
    """A validation or test loop that applies protocols to frozen features; it trains nothing.

    It extracts the features of the labeled training images (the bank) and of the loop's own
    images, and passes both to each protocol, and to each hook that has `on_features(runner, train,
    test)` and returns metrics by their whole names. During training an image that cannot be read
    is left out, with a line in the log; a test raises BrokenImage.

    Args:
        runner: MMEngine's runner.
        dataloader: the images to classify, with labels; a config or a DataLoader.
        evaluator: one protocol's config, such as `dict(type='mmbarlow.KNN')`, or a list of them.
        bank_dataloader: the training images with labels, without augmentation.
        stage: 'val' or 'test', which decides the hooks that are called.
        bank_dtype: the type the features of the bank are held in; 'float16' halves the memory.
        layer: of a ResNet, 'conv1' or 'res2' to 'res5', pooled as VISSL does; None: the last one,
            averaged over space. See `LayerFeatures`.

    Raises:
        InputError: the two data sets number their classes differently.
    """

    def __init__(
        self,
        runner,
        dataloader,
        evaluator: dict | list,
        bank_dataloader: dict,
        stage: str = 'val',
        bank_dtype: str = 'float32',
        layer: str | None = None,
    ) -> None:
        if stage == 'val':
            dataloader, bank_dataloader = map(_without_broken, (dataloader, bank_dataloader))
        super().__init__(runner, dataloader)
        self.bank_dataloader = runner.build_dataloader(bank_dataloader, seed=runner.seed)
        check_splits(*(class_names(x.dataset) for x in (self.bank_dataloader, self.dataloader)))
        protocols = evaluator if isinstance(evaluator, list) else [evaluator]
        self.protocols = [METRICS.build(cfg) for cfg in protocols]
        self.stage = stage
        self.bank_dtype = bank_dtype
        self.layer = layer

    def run(self) -> dict[str, float]:
        """Metrics of all protocols, in percent, named `<protocol>/<metric>`."""
        self.runner.call_hook(f'before_{self.stage}')
        self.runner.call_hook(f'before_{self.stage}_epoch')
        model = with_layer(unwrap(self.runner.model), self.layer)
        train = dataset_features(model, self.bank_dataloader, self.bank_dtype)
        test = dataset_features(model, self.dataloader)
        metrics = {
            f'{type(protocol).__name__}/{name}': value
            for protocol in self.protocols
            for name, value in protocol(train, test).items()
        }
        for hook in self.runner.hooks:
            measure: Any = getattr(hook, 'on_features', None)
            metrics |= measure(self.runner, train, test) if measure else {}
        self.runner.call_hook(f'after_{self.stage}_epoch', metrics=metrics)
        self.runner.call_hook(f'after_{self.stage}')
        return metrics


def _without_broken(loader: Any) -> Any:
    """The config of a data loader with another image where one is broken; what is built stays."""
    if not (isinstance(loader, dict) and isinstance(loader['dataset'], dict)):
        return loader
    return {**loader, 'dataset': dict(type='mmbarlow.ReadableImages', dataset=loader['dataset'])}
