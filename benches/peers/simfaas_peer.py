"""Plays one workload with SimFaaS and prints, on one line: requests, seconds of CPU, share of cold starts, mean instances.

Usage: simfaas_peer.py RATE SECONDS, requests a second and simulated seconds.
"""

import sys
import time

import numpy
from simfaas.ServerlessSimulator import ServerlessSimulator

rate, seconds = float(sys.argv[1]), float(sys.argv[2])
numpy.random.seed(1)
simulator = ServerlessSimulator(
    arrival_rate=rate,
    warm_service_rate=1 / 2.016,
    cold_service_rate=1 / 2.163,
    expiration_threshold=600,
    max_time=seconds,
)
start = time.process_time()
simulator.generate_trace(progress=False)
used = time.process_time() - start
simulator.calculate_time_lengths()
print(simulator.total_req_count, used, simulator.get_cold_start_prob(), simulator.get_average_server_count())
