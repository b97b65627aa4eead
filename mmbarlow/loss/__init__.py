"""The Barlow Twins loss: exact, lean, the same for any number of processes. Needs torch alone.

>>> from mmbarlow.loss import BarlowTwinsLoss
>>> criterion = BarlowTwinsLoss()
>>> loss = criterion(z_a, z_b)  # embeddings of two views, (n, D) each

Its relatives, such as `VICRegLoss`, are called alike: docs/family.md.
"""

from .criterion import BarlowTwinsLoss as BarlowTwinsLoss
from .criterion import barlow_twins_loss as barlow_twins_loss
from .errors import InputError as InputError
from .family.corinfomax import CorInfoMaxLoss as CorInfoMaxLoss
from .family.frossl import FroSSLLoss as FroSSLLoss
from .family.hsic import HSICLoss as HSICLoss
from .family.mec import MECLoss as MECLoss
from .family.mmcr import MMCRLoss as MMCRLoss
from .family.sigreg import SIGRegLoss as SIGRegLoss
from .family.tico import TiCoLoss as TiCoLoss
from .family.vicreg import VICRegLoss as VICRegLoss
from .family.vne import VNELoss as VNELoss
from .family.wmse import WMSELoss as WMSELoss
from .global_batch import GlobalBatch as GlobalBatch
from .global_batch import global_batch as global_batch
from .losses import cross_correlation as cross_correlation
from .losses import loss_floor as loss_floor
from .losses import standardize as standardize
from .losses import terms as terms
