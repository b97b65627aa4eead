"""Rules of `mmbarlow pretrain` for the batch, the length of the training and its optimizer."""

from mmbarlow.engine.batch_size_lr import BIAS, GPUS, learning_rates
from mmbarlow.engine.choice_facts import Chosen, Facts, Rule
from mmbarlow.errors import InputError

# Bytes of activations that a step holds for each pixel of an image, by what networks of the size
# of a ResNet-18 and of a ResNet-50 hold in fp32: 224 px make 45 and 110 MB.
PIXEL = {'resnet18': 900, 'resnet34': 1300}
OTHERS_PIXEL = 2200
# Steps of a training under --minutes: the least, and those for which its batch gets smaller.
LEAST_STEPS, MANY_STEPS = 10, 100
SMALL_BATCH = 32
# Steps between which AdamW comes further than LARS (docs/command.md, "Is the choice a good one?").
FEW_STEPS, FULL_STEPS = 300, 10_000
ROUNDS = 10  # of a training that has no time for as many passes through all images


def _batch_size(facts: Facts, chosen: Chosen) -> tuple[int, str]:
    if facts.gpu and facts.images >= 100_000:
        most, why = 512, 'for 100,000 images or more on a GPU'
    else:
        most, why = 256, 'smaller ones learn less in the same time'
    if facts.images // 2 < most:
        most, why = facts.images // 2, 'half of the images, so that an epoch has two steps'
    pairs, batch = _pairs(facts), most
    while pairs is not None and batch >= 2 * SMALL_BATCH and pairs < MANY_STEPS * batch:
        batch //= 2
    if batch < most:
        return batch, f'--minutes has no time for {MANY_STEPS} steps of {most}'
    return most, why


def _chunk_size(facts: Facts, chosen: Chosen) -> tuple[int | None, str]:
    """The largest half, quarter, ... of the batch that memory takes; None: all of it."""
    batch, fits, what = chosen['batch_size'].value, facts.fits, 'as tried on the GPU'
    if not facts.gpu:
        pixel = PIXEL.get(str(chosen['backbone'].value), OTHERS_PIXEL)
        room = facts.memory / 2 / (2 * pixel * chosen['image_size'].value ** 2)
        fits, what = int(room), 'by a rule for half of the memory'
    if fits is None or fits >= batch:
        return None, f'all of it fits, {what}' if fits else 'the whole batch'
    chunk = batch
    while chunk > max(2, fits):
        chunk = -(-chunk // 2)
    return chunk, f'so many images of a view fit, {what}'


def _precision(facts: Facts, chosen: Chosen) -> tuple[str, str]:
    device = 'GPU' if facts.gpu else 'CPU'
    if facts.bf16:
        return 'bf16', f'this {device} computes in it; the loss stays in fp32'
    return ('fp16', 'this GPU has no bf16') if facts.gpu else ('fp32', 'this CPU has no bf16')


def _workers(facts: Facts, chosen: Chosen) -> tuple[int, str]:
    if facts.gpu:
        return max(1, min(16, facts.cores)), f'a process for each of {facts.cores} cores, up to 16'
    return max(1, min(8, facts.cores // 2)), f'half of {facts.cores} cores; the rest trains'


def _epoch_images(facts: Facts, chosen: Chosen) -> tuple[int | None, str]:
    """Images of an epoch, where the time is too short for `ROUNDS` passes; None: all."""
    pairs = _pairs(facts)
    if pairs is None or pairs >= ROUNDS * facts.images:
        return None, 'all images in each epoch'
    batch = chosen['batch_size'].value
    if pairs < LEAST_STEPS * batch:
        needs = 1 + LEAST_STEPS * batch * (facts.pair_seconds or 0) / 60
        raise InputError(
            '--minutes is too short: after the start it leaves time for '
            f'{max(0, int(pairs // batch))} steps of {batch} images, and {LEAST_STEPS} are the '
            f'least. Give --minutes {needs:.0f} or more, or a smaller --image-size.'
        )
    steps = int(pairs // (ROUNDS * batch)) or 1
    return steps * batch, f'others in each epoch: too little time for {ROUNDS} passes'


def _epochs(facts: Facts, chosen: Chosen) -> tuple[int, str]:
    pairs, own = _pairs(facts), chosen['epoch_images'].value
    if pairs is not None:
        batch = chosen['batch_size'].value
        taken = (own or facts.images) // batch * batch
        rate = 1 / facts.pair_seconds if facts.pair_seconds else 0.0
        return max(1, int(pairs // taken)), f'what fits into --minutes at {rate:.3g} images/s'
    budget, least, most = (30_000_000, 100, 1000) if facts.gpu else (1_000_000, 10, 200)
    number = min(most, max(least, round(budget / facts.images)))
    return number, f'{budget / 1e6:.0f} million images in all, {least} to {most} epochs'


def _warmup(facts: Facts, chosen: Chosen) -> tuple[int, str]:
    number = chosen['epochs'].value
    most = 10 if facts.images >= 10_000 else number
    return min(most, round(number / 10)), 'a tenth of the epochs' + ', at most 10' * (most == 10)


def _optimizer(facts: Facts, chosen: Chosen) -> tuple[str, str]:
    if facts.batch_norm is False:
        return 'adamw', 'no BN, and others saw LARS collapse on such networks'
    steps = chosen['epochs'].value * steps_of_epoch(facts.images, chosen)
    if FEW_STEPS <= steps < FULL_STEPS:
        return 'adamw', f'it leads LARS from {FEW_STEPS} to {FULL_STEPS:,} steps, here {steps:,}'
    return 'lars', f"the paper's, for {steps:,} steps"


def _lr(facts: Facts, chosen: Chosen) -> tuple[float, str]:
    batch = chosen['batch_size'].value
    if chosen['optimizer'].value == 'adamw':
        if facts.batch_norm is False:
            return 5e-4 * batch / 256, 'usual for AdamW without BN: 0.0005 x batch / 256'
        return 1e-3, 'usual for AdamW; the recipes for CPUs have it'
    if batch < 128:
        return batch / 256, "the author's guess for small batches: 1.0 x batch / 256"
    return learning_rates(min(batch, 4096))[0], f"the author's best for a batch of {batch}"


def _weight_decay(facts: Facts, chosen: Chosen) -> tuple[float, str]:
    if chosen['optimizer'].value == 'lars':
        return 1e-6, "the paper's, for LARS"
    return (
        (0.05, 'usual for AdamW without BN') if facts.batch_norm is False else (1e-4, 'for AdamW')
    )


def bias_share() -> float:
    """Rate of biases and BN over that of the weights, with LARS (see `learning_rates`)."""
    return BIAS / GPUS


def steps_of_epoch(images: int, chosen: Chosen) -> int:
    """Full batches in an epoch."""
    return max(1, (chosen['epoch_images'].value or images) // chosen['batch_size'].value)


def _pairs(facts: Facts) -> float | None:
    """Images that the time is enough for, each counted as often as it is seen."""
    if facts.seconds is None or not facts.pair_seconds:
        return None
    return facts.seconds / facts.pair_seconds


SCHEDULE: dict[str, Rule] = dict(
    batch_size=_batch_size,
    chunk_size=_chunk_size,
    precision=_precision,
    workers=_workers,
    epoch_images=_epoch_images,
    epochs=_epochs,
    warmup=_warmup,
    optimizer=_optimizer,
    lr=_lr,
    weight_decay=_weight_decay,
)
