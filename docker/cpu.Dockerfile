# docker build -t mmbarlow -f docker/cpu.Dockerfile --build-arg TORCH_INDEX=ADDRESS .
# docker run --rm -v "$PWD:/data" -w /data mmbarlow pretrain photos
FROM python:3.12-slim
WORKDIR /opt/mmbarlow
COPY requirements requirements
# ADDRESS is that of torch's builds without CUDA, 0.7 GB instead of 5.4: docs/install.md.
ARG TORCH_INDEX=
RUN pip install --no-cache-dir -c requirements/constraints.txt torch torchvision \
    ${TORCH_INDEX:+--index-url "$TORCH_INDEX"}
COPY . .
# mmcv wants the OpenCV with windows, whose libraries are not here: the headless one goes over it.
RUN pip install --no-cache-dir -c requirements/constraints.txt '.[formats,export]' && \
    pip install --no-cache-dir -c requirements/constraints.txt --no-deps --force-reinstall opencv-python-headless
ENTRYPOINT ["mmbarlow"]
CMD ["--help"]
