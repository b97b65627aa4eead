"""MMEngine's backends of trackers that lose the step of a value, with the step."""

import os
from typing import Any

import numpy as np
from mmengine.config import Config
from mmengine.visualization import MLflowVisBackend, WandbVisBackend

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
