"""Optuna chooses the rate and the size; every trial is one of ours.

PYTHONPATH=build/release/python python3 python/examples/optuna_search.py [FOLDER] [TRIALS]
"""

import sys

import optuna

import carousel

folder = sys.argv[1] if len(sys.argv) > 1 else "runs/optuna"
trials = int(sys.argv[2]) if len(sys.argv) > 2 else 10
study = carousel.Study("experiments/quickstart/study.yaml", {"seeds": [1], "train.epochs": 20})
ours = carousel.AskTell(study, folder)


def objective(trial):
    cell = {"name": "gru_reset_before", "hidden": trial.suggest_int("hidden", 10, 60)}
    rate = trial.suggest_float("learning_rate", 1e-4, 3e-2, log=True)
    asked = ours.ask({"cells": [cell], "train.learning_rate": rate})

    def judge(epoch):
        trial.report(epoch.valid, epoch.number)
        if trial.should_prune():  # worse than half of the trials at this epoch
            raise optuna.TrialPruned()

    value = asked.run(epoch_ended=judge)
    ours.tell(asked, value)
    return value


search = optuna.create_study(  # NLL: lower is better
    sampler=optuna.samplers.TPESampler(seed=1), pruner=optuna.pruners.MedianPruner(n_warmup_steps=5)
)
search.optimize(objective, n_trials=trials)
print(search.best_value, search.best_params)
