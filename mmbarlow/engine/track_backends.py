"""MMEngine's backends of trackers, where they lose steps or change what is computed."""

import os
from typing import Any

import numpy as np
from mmengine.config import Config
from mmengine.visualization import ClearMLVisBackend, MLflowVisBackend, WandbVisBackend

from mmbarlow.optional import package
from mmbarlow.registry import VISBACKENDS


@VISBACKENDS.register_module()
class WandbSteps(WandbVisBackend):
    """For Weights & Biases: values and pictures are drawn over the steps of the training.

    MMEngine's counts its own calls instead, and copies every Python file below the current folder,
    a virtual environment among them.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault('define_metric_cfg', [dict(name='*', step_metric='step')])
        super().__init__(*args, **kwargs)

    def add_config(self, config: Config, **kwargs: Any) -> None:
        self.experiment.config.update(config.to_dict(), allow_val_change=True)

    def add_image(self, name: str, image: np.ndarray, step: int = 0, **kwargs: Any) -> None:
        self.experiment.log({name: self.experiment.Image(image), 'step': step})

    def add_scalars(self, scalar_dict: dict, step: int = 0, *args: Any, **kwargs: Any) -> None:
        self.experiment.log({**scalar_dict, 'step': step})


@VISBACKENDS.register_module()
class MlflowSteps(MLflowVisBackend):
    """For MLflow: pictures have the steps of the training, and files do where there is no server.

    MMEngine's overwrites each picture with the next one.
    """

    def _init_env(self) -> None:
        # MLflow 3 asks for this where runs are kept in files, which need no database.
        os.environ.setdefault('MLFLOW_ALLOW_FILE_STORE', 'true')
        super()._init_env()

    def add_image(self, name: str, image: np.ndarray, step: int = 0, **kwargs: Any) -> None:
        self.experiment.log_image(image, key=name, step=step)


@VISBACKENDS.register_module()
class QuietClearml(ClearMLVisBackend):
    """For ClearML, whose start seeds all random numbers anew unless it is told not to: the weights
    of the network would be others than those of the same run without it."""

    def _init_env(self) -> None:
        clearml = package('clearml', 'mmbarlow.QuietClearml', 'tracking')
        clearml.Task.set_random_seed(None)
        super()._init_env()
