"""Made-up tidy files."""

from __future__ import annotations

from pathlib import Path

PATIENTS = """patient_id,sex,birth_year,vital_status,last_contact_date,death_date,site
P1,F,1950,alive,2021-05-03,,North
P2,F,1948,dead,2019-02-01,2019-02-01,North
P3,M,1961,alive,2020-11-30,,South
P4,F,1970,dead,2018-07-15,2018-07-15,South
"""
TUMOURS = """Patient ID;Date of diagnosis;Side;Grade;Tumour size (cm);cT;cN;cM;ER status;ER (%)
P1;03.02.2010;left;G2;2,3;T2;N1;M0;positive;90
P2;25.12.2011;right;G3;1,1;T1c;N0;M0;negative;0
P3;01.07.2012;left;G2;Unk;T2;N1;M0;positive;60
P4;14.08.2013;right;G1;4,0;T3;N1;M1;Unk;
"""
VISITS = """patient_id\tdate_1\tecog_1\tdate_2\tecog_2
P1\t2012-01-01\t0\t2013-01-01\t1
P2\t2012-03-01\t1\t\t
P3\t2012-05-01\t0\t2014-01-01\t2
"""
SURGERY = """subject_id,surgery date,modality,organ,margin,intent
P1,2015-03-04,Resection,Liver,R0,curative
P2,2016-03-04,SBRT,Bone,,palliative
"""


def write_tidy(folder: Path) -> list[str]:
    folder.mkdir(exist_ok=True)
    files = {
        "patients.csv": PATIENTS,
        "tumours.csv": TUMOURS,
        "visits.tsv": VISITS,
        "surgery.csv": SURGERY,
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [str(folder / name) for name in files]


WIDE = """ID,Pt Name,DOB,Date Dx,ER,HER2,Ki-67 (%),T,Bone,Liver,Surgery Date,Margin,RT dose (Gy),\
Fractions,Line1 drug,Line1 start,Line2 drug,Line2 start,ECOG PS,Last FU,Status
1,A B,1/2/1950,3/15/2010,Pos,2+,20%,T2,1,0,4/1/2010,R0,,,\
Letrozole,5/1/2010,Paclitaxel,7/1/2012,1,1/1/2015,Alive
2,C D,3/4/1951,12/25/2010,Neg,0,30,T3,0,1,,,24,3,Paclitaxel,1/1/2011,,,0,1/1/2014,DOD
"""
