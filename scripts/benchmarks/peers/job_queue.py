"""The peer: a PostgreSQL job queue as its users run it. Jobs hold the same bodies, procrastinate's worker posts each to the
same receiver. First while other processes put jobs in, then only what is left is taken out.

    job_queue.py DATABASE RECEIVER BODY JOBS WIDTH"""

import asyncio
import json
import multiprocessing
import sys
import time
import uuid
from pathlib import Path

import aiohttp
import procrastinate

DATABASE, RECEIVER, BODY, JOBS, WIDTH = sys.argv[1], sys.argv[2], Path(sys.argv[3]).read_text(), *map(int, sys.argv[4:6])
PRODUCERS = 4

app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=DATABASE, min_size=4, max_size=WIDTH + 4))
delivered = 0
session = None


@app.task(name="deliver", queue="deliveries", retry=procrastinate.RetryStrategy(max_attempts=10, exponential_wait=5))
async def deliver(job, body):
    global delivered
    async with session.post(RECEIVER, data=body.encode(), headers={"webhook-id": job}) as answer:
        answer.raise_for_status()
    delivered += 1


def produce(count):
    async def put():
        async with app.open_async():
            for _ in range(count):
                await deliver.defer_async(job=f"job-{uuid.uuid4()}", body=BODY)
    asyncio.run(put())


async def worked(jobs):
    """Runs the worker until it has delivered so many; says how long that took."""
    begin, goal = time.monotonic(), delivered + jobs
    worker = asyncio.create_task(app.run_worker_async(queues=["deliveries"], concurrency=WIDTH, install_signal_handlers=False))
    while delivered < goal:
        await asyncio.sleep(0.01)
        if worker.done():
            worker.result()
        if time.monotonic() - begin > 300:
            raise SystemExit("the job queue does not get on")
    seconds = time.monotonic() - begin
    worker.cancel()
    await asyncio.gather(worker, return_exceptions=True)
    return round(seconds, 3)


async def main():
    global session
    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=WIDTH)) as session:
            producers = [multiprocessing.Process(target=produce, args=(JOBS // PRODUCERS,)) for _ in range(PRODUCERS)]
            for producer in producers:
                producer.start()
            both = await worked(JOBS // PRODUCERS * PRODUCERS)
            for producer in producers:
                producer.join()
            await deliver.batch_defer_async(*[{"job": f"job-{uuid.uuid4()}", "body": BODY} for _ in range(JOBS)])
            alone = await worked(JOBS)
    print(json.dumps({"jobs": JOBS, "seconds": both, "drain_seconds": alone, "producers": PRODUCERS, "width": WIDTH}))


if __name__ == "__main__":
    multiprocessing.set_start_method("spawn")
    asyncio.run(main())
