//! Country codes of the logs.

/// Pairs of a FIPS 10-4 code and the ISO 3166-1 code of the same country, as GeoNames lists them; the Gaza Strip, which
/// has a code of its own in FIPS 10-4, is listed as Palestine.
const PAIRS: &str = "\
    AAAW ACAG AEAE AFAF AGDZ AJAZ ALAL AMAM ANAD AOAO AQAS ARAR ASAU AUAT AVAI AYAQ BABH BBBB BCBW BDBM BEBE BFBS BGBD \
    BHBZ BKBA BLBO BMMM BNBJ BOBY BPSB BRBR BTBT BUBG BVBV BXBN BYBI CACA CBKH CDTD CELK CFCG CGCD CHCN CICL CJKY CKCC \
    CMCM CNKM COCO CQMP CSCR CTCF CUCU CVCV CWCK CYCY DADK DJDJ DODM DRDO ECEC EGEG EIIE EKGQ ENEE ERER ESSV ETET EZCZ \
    FGGF FIFI FJFJ FKFK FMFM FOFO FPPF FRFR FSTF GAGM GBGA GGGE GHGH GIGI GJGD GKGG GLGL GMDE GPGP GQGU GRGR GTGT GVGN \
    GYGY GZPS HAHT HKHK HMHM HOHN HRHR HUHU ICIS IDID IMIM ININ IOIO IRIR ISIL ITIT IVCI IZIQ JAJP JEJE JMJM JOJO KEKE \
    KGKG KNKP KRKI KSKR KTCX KUKW KVXK KZKZ LALA LELB LGLV LHLT LILR LOSK LSLI LTLS LULU LYLY MAMG MBMQ MCMO MDMD MFYT \
    MGMN MHMS MIMW MJME MKMK MLML MNMC MOMA MPMU MRMR MTMT MUOM MVMV MXMX MYMY MZMZ NCNC NENU NFNF NGNE NHVU NING NLNL \
    NNSX NONO NPNP NRNR NSSR NTAN NUNI NZNZ ODSS PAPY PCPN PEPE PKPK PLPL PMPA POPT PPPG PSPW PUGW QAQA RERE RIRS RMMH \
    RNMF RORO RPPH RQPR RSRU RWRW SASA SBPM SCKN SESC SFZA SGSN SHSH SISI SLSL SMSM SNSG SOSO SPES STLC SUSD SVSJ SWSE \
    SXGS SYSY SZCH TBBL TDTT THTH TITJ TKTC TLTK TNTO TOTG TPST TSTN TTTL TUTR TVTV TWTW TXTM TZTZ UCCW UGUG UKGB UPUA \
    USUS UVBF UYUY UZUZ VCVC VEVE VIVG VMVN VQVI VTVA WANA WEPS WFWF WIEH WSWS WZSZ YICS YMYE ZAZM ZIZW";

/// The ISO code for a FIPS code.
pub(super) fn iso(fips: &str) -> Option<&'static str> {
    let known = PAIRS.split(' ').find_map(|pair| pair.split_at_checked(2).filter(|(code, _)| *code == fips));
    known.map(|(_, iso)| iso)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_translated_and_unknown_ones_are_told_apart() {
        let cases =
            [("MO", "MA"), ("AG", "DZ"), ("SP", "ES"), ("GM", "DE"), ("UK", "GB"), ("SW", "SE"), ("SZ", "CH"), ("TU", "TR")];
        for (fips, code) in cases {
            assert_eq!(iso(fips), Some(code), "{fips}");
        }
        assert_eq!([iso("XX"), iso(""), iso("M"), iso("MOMA")], [None; 4]);
    }

    #[test]
    fn every_pair_is_four_letters_and_no_code_stands_twice() {
        let codes: Vec<&str> = PAIRS.split(' ').map(|pair| pair.split_at(2).0).collect();
        assert!(PAIRS.split(' ').all(|pair| pair.len() == 4) && codes.is_sorted_by(|a, b| a < b), "{codes:?}");
    }
}
