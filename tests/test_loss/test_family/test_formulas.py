"""Value and gradient of each loss against its authors' formula."""

import subprocess
import sys
from itertools import product

import authors
import pytest
import torch
from members import MEMBERS, distance, embeddings, value_and_gradients

from mmbarlow.loss import (
    CorInfoMaxLoss,
    InputError,
    MMCRLoss,
    SIGRegLoss,
    TiCoLoss,
    VICRegLoss,
    WMSELoss,
)

SIZES = dict(few=(12, 40), many=(60, 16))
CASES = [
    (name, size, form)
    for name, size in product(MEMBERS, SIZES)
    for form in (('direct', 'gram') if MEMBERS[name].forms else ('auto',))
    if size == 'many' or MEMBERS[name].few
]


@pytest.mark.parametrize('views', [2, 3, 4])
@pytest.mark.parametrize(('name', 'size', 'form'), CASES)
def test_value_and_gradient_are_those_of_the_authors_formula(name, size, form, views):
    N, D = SIZES[size]
    member, z = MEMBERS[name], embeddings(views, N, D)
    wanted = value_and_gradients(member.formula, z)
    criterion = member.make(D, views, form).double()
    for got, correct in zip(value_and_gradients(criterion, z), wanted, strict=True):
        assert distance(got, correct) < 1e-12


@pytest.mark.parametrize(('name', 'size', 'form'), CASES)
def test_in_fp32_they_are_exact_to_1e_5(name, size, form):
    N, D = SIZES[size]
    member, z = MEMBERS[name], embeddings(2, N, D, torch.float32)
    formula = authors.sigreg if name == 'sigreg' else member.formula
    wanted = value_and_gradients(formula, [x.detach().double().requires_grad_() for x in z])
    if name == 'sigreg':  # draws of another type are other ones
        wanted = value_and_gradients(formula, z)
    for got, correct in zip(value_and_gradients(member.make(D, 2, form), z), wanted, strict=True):
        assert got.dtype == torch.float32
        assert distance(got.double(), correct.double()) < 1e-5
