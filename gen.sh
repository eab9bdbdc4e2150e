# gen.sh NAME SET WIDTH CELLSPEC key=val... 
n=$1; s=$2; w=$3; c=$4; shift 4
cat > $n.yaml <<Y
name: $n
dataset: {name: $s, width: $w}
cells: [$c]
seeds: 1
train: {optimiser: rmsprop, floor: 0.0001, weight_noise: 0.075, clip_norm: 1, batch: 4, epochs: 60, patience: 0}
Y
TBB=1; taskset -c ${CPU:-0} ./car compare $n.yaml --run-folder runs/$n "$@" > $n.log 2>&1
awk -F, -v n=$n 'NR>1{print n, $NF}' /dev/null
python3 - $n <<'P'
import csv,sys
n=sys.argv[1]
rows=list(csv.DictReader(open(f'runs/{n}/curves.csv')))
out=[]
for r in rows:
    e=int(r['epoch'])
    if e in(5,10,20,40,60,80,100,150,200,300,400,600,800,1000): out.append(f"{e}:{float(r['valid_nll']):.3f}")
res=list(csv.DictReader(open(f'runs/{n}/results.csv')))[0]
print(n,' '.join(out),'| train',res['train_nll'][:6],'valid',res['valid_nll'][:6],'test',res['test_nll'][:6],'s',res['seconds'])
P
