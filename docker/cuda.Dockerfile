# docker build -t mmbarlow:cuda -f docker/cuda.Dockerfile .
# docker run --rm --gpus all --shm-size 8g -v "$PWD:/data" -w /data mmbarlow:cuda mmbarlow pretrain photos
# Everything, with mmdet and mmcv's operators for GPUs. torch brings its own CUDA; the image has the
# compiler for it, of the same major version.
ARG CUDA=13.0.0
FROM nvidia/cuda:${CUDA}-devel-ubuntu24.04
RUN apt-get update && \
    apt-get install -y --no-install-recommends g++ git python3 python3-dev python3-venv && \
    rm -rf /var/lib/apt/lists/*
WORKDIR /opt/mmbarlow
# No GPU is there while an image is built.
ENV FORCE_CUDA=1 TORCH_CUDA_ARCH_LIST="8.0;8.6;8.9;9.0;10.0;12.0" PIP_NO_CACHE_DIR=1
COPY . .
RUN tools/install.sh full
ENV PATH=/opt/mmbarlow/.venv/bin:$PATH
CMD ["mmbarlow", "--help"]
