"""Genders of French nouns, written from general knowledge and a dictionary, not from the catalogue."""


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Two meanings, or both in use.
EITHER = words("kettlebell parka poêle tennis")
MASCULINE = words("""
    BMX DVD GPS abat-jour abri accordeur accordéon acheteur acier acrylique adaptateur agenda
    agrandisseur aileron aimant album alternateur alto aluminium amortisseur ampli-tuner amplificateur
    anneau antivol appareil aquarium arbre archet argent arroseur arrosoir article aspirateur assemblage
    assistant atlas attelage attrape-rêves autocuiseur autoradio avion aérateur aérographe baby-foot bac
    badge bain baladeur balai ballon bambou banc bandana banjo barbecue baromètre bas basson bateau
    batteur baudrier bavoir berceau bermuda beurrier biberon bibi bidon bigoudi bikini billet blaireau
    blazer bloc blouson bob bocal body bodyboard bois bol bongos bonnet bouchon bougeoir boulier
    boulochage bouquet bouton boîtier bracelet brasero brillant bronze brûle-encens buffet bureau buste
    bustier but bâton béret béton caban cabas cache-oreilles cache-sommier cachemire cadenas cadran
    cadre caftan caisson cajón calendrier caleçon camion camée caméscope canapé canapé-lit candélabre
    canoë caoutchouc capodastre capot caraco cardigan carillon carnet cartable carton carénage casque
    casse-noix centre cerceau cerf-volant chandelier chapeau chapelet chargeur chariot chauffage
    chauffe-biberon chausson chemin chemisier cheval chevalet chino chouchou chronographe chronomètre
    châle cintre circuit ciseau clairon clapier classeur clavier cliché climatiseur clip club coffre
    coffre-fort coffret coin col collant collier combiné combishort commutateur compas composteur
    compresseur compteur concentrateur conférencier congélateur contreplaqué contrôleur coquetier
    coquillage cor cordon cornet corset costume coton coucou coupe-bordures coupe-boulons coupe-carreaux
    coupe-ongles coupe-papier coupe-vent coupon coussin couteau couvercle couvre-lit crampon crayon cric
    cristal crochet cube cuir cuiseur cuissard cuivre cyclomoteur câble côté daim denim derby dessin
    dessous-de-plat diable diadème dictaphone dictionnaire diffuseur dirndl disque distributeur djembé
    dommage dos drap drone duffle-coat duvet dé débardeur décapsuleur décodeur décor défaut défroisseur
    déguisement dégât démarreur dérouleur déshumidificateur déshydrateur détail détecteur dévidoir
    effilochage embauchoir emblème emporte-pièce enclos encrier enjoliveur ensemble escabeau escarpin
    essuie-glace essuie-mains extracteur fauteuil fer feu feutre fichu fil filtre flacon flash flipper
    fond foret fossile fouet foulard four fumoir futon fédora gant garage garde-boue gauchissement
    gaufrier gilet globe gonfleur gong gramophone griffoir gril grille-pain groupe grès guide guidon
    guéridon hachoir haltère hamac harmonica harnais haut haut-de-forme haut-parleur hautbois heurtoir
    hochet home-trainer hoverboard humidificateur hydropulseur hélicoptère imperméable instrument
    jaunissement jean jeu jouet journal joystick juke-box justaucorps jute kaléidoscope kayak kilt
    kimono lacet laiton lampadaire landau lange lavabo lave-linge lave-vaisselle lecteur legging leurre
    lin lisseur lit livre liège longboard lot lustre magazine magnétophone magnétoscope maillet maillot
    manga mannequin manomètre manteau manuel marbre marchepied marimba marquage marque-page marteau
    mascara masque massicot matelas meuble micro-casque microphone microscope mini-ordinateur
    mini-réfrigérateur miniportable minéral miroir mixeur mobile mocassin modem monocycle monopode
    mortier moteur motif motoculteur mouchoir moule moulin moulinet mousqueton mousseur multicuiseur
    multimètre médaillon mégaphone mélodica métal métallophone métier métronome nain nano-ordinateur
    napperon nettoyeur nichoir niveau numéro nylon nécessaire néoprène nœud objectif objet or ordinateur
    oreiller organiseur orgue ornement osier ours outil ouvre-boîte paillasson panama panier panneau
    pantacourt pantalon papier paquet parapluie parasol paravent parc pare-chocs pare-feu pare-soleil
    pare-vent paréo patin patron paysage peigne peignoir pendant pendentif perchoir phare piano piccolo
    pichet pied pied-de-biche piercing pinceau pistolet plafonnier plastique plat plateau pli plâtre
    pneu polo polyester pommeau poncho portant porte-bouteilles porte-brosses porte-bébé porte-bûches
    porte-cartes porte-clés porte-livre porte-monnaie porte-parapluies porte-revues porte-savon
    porte-serviettes porte-vélos portefeuille portemanteau porteur portique portrait posemètre poste pot
    poudrier pouf poulailler poupon presse-agrumes presse-ail presse-papiers prix processeur produit
    projecteur protège-matelas protège-tibia protège-écran présentoir pull pulvérisateur pupitre
    purificateur puzzle pyjama pèse-bébé pèse-personne pédalier rabot radiateur radio-réveil
    rafraîchisseur ramequin rameur range-chaussures rangement ras-de-cou rasoir recourbe-cils recueil
    reflex refroidisseur rehausseur repose-pieds richelieu rideau robinet robot roman rond rotin rouet
    rouge rouleau routeur ruban râteau réchaud récupérateur réfrigérateur répondeur rétroviseur réveil
    sablier sabot sac saladier salon sapin sari satin sauna sauteur savon saxophone scanner seau
    secrétaire serre-joint serre-livres serre-tête serveur service serviteur set sextant shaker short
    signe similicuir sitar siège ski smartphone smoking snood sommier sondeur souffleur sous-main
    sous-verre sous-vêtement soutien-gorge spa stabilisateur stepper store stylet stylo stylo-plume
    stérilisateur sucrier support surmatelas survêtement sweat synthétiseur sèche-cheveux sèche-linge
    sécateur séchoir t-shirt tableau tablier tabouret taille-crayon taille-haie tailleur
    tailleur-pantalon tajine talkie-walkie tambour tambourin tampon tapis terminal terrarium thermomètre
    thermostat théâtre timbre-poste tire-bouchon tissu titane toboggan torchon tour touret tourne-disque
    tournevis tracteur train trampoline transat transplantoir treillis trench tricot tricycle trombone
    trophée trotteur trou trépied tuba turban tutu tuyau tweed télescope télécopieur télémètre téléphone
    téléviseur ukulélé uniforme vaisselier valet vanity vaporisateur vase velours vendeur ventilateur
    vernis verre vestiaire vidéoprojecteur vinyle violon violoncelle vitrail voile volant vélo vêtement
    waders wakeboard wok xylophone yo-yo ébrancheur écaillage échafaudage échantillonneur échappement
    éclairage éclat écoute-bébé écouteurs écran écusson égaliseur égouttoir élasthanne émail épandeur
    épilateur éplucheur établi étain état étau étrier étui éventail évier îlot œuf
""")
FEMININE = words("""
    affiche agrafeuse aiguille alliance annonce antenne applique aquarelle arche ardoise armoire
    assiette auréole bague baguette baignoire balance balancelle balançoire balle ballerine bande
    barboteuse barre barrette barrière base basket batte batterie besace bible bibliothèque bille
    binette biographie blouse bobine bombe borne bosse botte bottine boucle bougie bouilloire boule
    boulonneuse boussole bouteille boîte boîte-repas brassière breloque bretelles bride brique broche
    brosse brouette bâche bétonnière bêche cafetière cage cagoule caisse calandre calculatrice caméra
    canne cape capeline carafe carte cartouche casquette casserole cassette causeuse cave ceinture
    cellule chaise chancelière chapka charnière chatière chaussette chaussure chaîne cheminée chemise
    chevalière chope cible cire cisaille cithare claquette clarinette clochette cloueuse clé cocotte
    coiffeuse collection combinaison combinaison-pantalon commode conga console contrebasse coque corde
    cornemuse corrosion couche coudière couette couleur coupe couronne courroie courtepointe couture
    couverture cravate croix crèche crème créole crêpière cuillère cuisine cuisinière cuissarde cuvette
    cymbale céramique dentelle description desserte diapositive douche doudoune draisienne déchiqueteuse
    déchirure décoloration décoration défonceuse déformation enceinte enclume encyclopédie enseigne
    espadrille essoreuse extensions fendeuse fenêtre fermeture fibre figurine fissure fixation flanelle
    flasque fleur fléchette flûte fontaine fonte fourche fourchette fourrure friteuse galette gamelle
    genouillère gigoteuse girouette glacière gourde gravure grenouillère griffure guirlande guitare
    guêtre hache harpe horloge hotte housse icône imperfection imprimante inscription interface jambière
    jante jardinière jumelles jupe jupe-short kalimba laine laisse lame lampe lanterne lime liseuse
    longue-vue louche loupe luge lunettes lyre machine maille maison maisonnette malle mallette
    manchette mandoline manette mangeoire manique maquette maracas marche marionnette marmite marque
    mascotte masse matière meuleuse mijoteuse miniature minijupe minuterie moisissure montre mosaïque
    moto moufle mousse moustiquaire mule multiprise muselière médaille ménagère méridienne nacre nappe
    niche note occasion ombrelle pagaie page paille palette palme partie partition parure passoire
    patère peau peinture pelle pellicule pelote peluche pendule pendulette perceuse perche perforatrice
    perle perruque photo photographie pierre pince piscine pièce planche plante plaque plastifieuse
    plateforme pochette poignée poivrière pompe ponceuse popote porcelaine porte portière poubelle
    poulie poupée poussette puce pédale question queue quille radio radiocassette rallonge rame rampe
    raquette rayure relieuse remorque reproduction robe rondelle roue rouille rousseurs râpe règle
    résine sacoche salissure salière salopette sandale sangle saucière scie sculpture selle sellette
    semelle serre servante serviette shampouineuse silicone soie sonnette sorbetière soucoupe soudure
    souffleuse soupière souris spartiate spatule station statue sucette surchemise surface surjeteuse
    suspension table tablette tache taie tapisserie tasse tente ternissure terre théière tirelire toile
    toilettes tondeuse tong tonnelle toupie trace trancheuse tringle trompette tronçonneuse trottinette
    trousse truelle tunique télécarte télécommande tête urne usure valise veilleuse vente veste vie
    viscose visière visseuse vitrine voiture webcam yaourtière ébréchure écharpe échelle épaulières
    épingle épinglette épuisette équerre éraflure étagère étiqueteuse étiquette
""")
